/**
 * The part of TypeBox that the schemas use.
 *
 * The names are imported one by one, because the client includes these schemas too: a browser bundle gets 3 kB of TypeBox
 * (compressed) instead of the 20 kB that TypeBox's own `Type` needs.
 */
import { Array, Boolean, Integer, Null, Object, Optional, String, Union, Unsafe } from 'typebox'

export const Type = { Array, Boolean, Integer, Null, Object, Optional, String, Union, Unsafe }
