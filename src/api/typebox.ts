/**
 * The part of TypeBox that the schemas use.
 *
 * Imported name by name, because the client carries these schemas too: a browser bundle gets 3 kB of TypeBox (compressed) in place
 * of the 20 kB behind its own `Type`.
 */
import { Array, Boolean, Integer, Null, Object, Optional, String, Union, Unsafe } from 'typebox'

export const Type = { Array, Boolean, Integer, Null, Object, Optional, String, Union, Unsafe }
