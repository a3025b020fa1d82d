/** The author of an entry on the wire. */
import type { ShownAuthor } from '../domain/by.ts'
import { nullableText } from './schema.ts'
import { Type } from './typebox.ts'

export const AUTHOR_EXAMPLE = { key: 'billing', address: '192.0.2.10', trace: '0af7651916cd43dd8448eb211c80319c' }

/** The field `by` of entries, lines and events. */
export const By = Type.Unsafe<ShownAuthor | null>({
  type: ['object', 'null'],
  properties: {
    key: Type.String({ description: 'The name of the API key, as it was then.', examples: [AUTHOR_EXAMPLE.key] }),
    address: Type.String({
      description: 'The network address of the caller.',
      examples: [AUTHOR_EXAMPLE.address],
    }),
    trace: nullableText({
      description: 'The trace id of the call, from its `traceparent` (W3C Trace Context); null if it had none.',
      examples: [AUTHOR_EXAMPLE.trace],
    }),
  },
  required: ['key', 'address', 'trace'],
  description:
    'Who gave the command; null if it was given without an API key. A repeat does not change it: the first author stays on record.',
})

/** A service of an earlier version does not send it. */
export function byFromWire(by: ShownAuthor | null | undefined): ShownAuthor | null {
  return byToWire(by ?? null)
}

/** Names every field, so that no other is sent. */
export function byToWire(by: ShownAuthor | null): ShownAuthor | null {
  return by === null ? null : { key: by.key, address: by.address, trace: by.trace }
}
