/** What a caller may do: the answer to who asks with a key, with a token, or of a ledger that has no keys. */
import type { CallerKey } from '../access/caller-key.ts'
import { SCOPES, type Scope } from '../access/scope.ts'
import { instantToWire } from './instants.ts'
import { ACCOUNT_PREFIX_PATTERN } from './key-input.ts'
import { ACCOUNT_PATTERN } from '../domain/ids.ts'
import { AssetCode, INT64_PATTERN, named, nullableText, words } from './schema.ts'
import { type Static, Type } from './typebox.ts'

const Prefixes = Type.Array(Type.String({ pattern: ACCOUNT_PREFIX_PATTERN, examples: ['user:'] }))
const Count = Type.Integer({ minimum: 1 })

export const Caller = named(
  'Caller',
  Type.Object(
    {
      hasKeys: Type.Boolean({
        description:
          'Whether the ledger has keys. If it has none, everybody who reaches the service may do everything.',
      }),
      key: nullableText({
        description: 'The name of the key that the call was sent with; null: the ledger has no keys.',
      }),
      account: nullableText({
        pattern: ACCOUNT_PATTERN,
        description: 'The one account that a token is for; null: the call was not sent with a token.',
      }),
      scopes: Type.Array(words<Scope>(SCOPES), {
        uniqueItems: true,
        description:
          'What the caller may do. Without keys it is everything but `keys:admin`: the first key is made at the database.',
      }),
      accounts: Type.Union<readonly [typeof Prefixes, ReturnType<typeof Type.Null>]>([Prefixes, Type.Null()], {
        description: 'Beginnings of the names of its accounts; null: any account.',
      }),
      assets: Type.Unsafe<string[] | null>({
        anyOf: [Type.Array(AssetCode), Type.Null()],
        description: 'Its assets; null: any asset.',
      }),
      amountMax: nullableText({
        pattern: INT64_PATTERN,
        description: 'The largest amount of one command, in minor units; null: any amount.',
      }),
      commandsPerSecond: Type.Unsafe<number | null>({
        anyOf: [Count, Type.Null()],
        description: 'The rate limit of the key; null: none of its own.',
      }),
      burst: Type.Unsafe<number | null>({
        anyOf: [Count, Type.Null()],
        description: 'How many commands may come at once; null: none of its own.',
      }),
      expiresAt: nullableText({
        format: 'date-time',
        description: 'When the secret or token ends by itself; null: it does not.',
      }),
    },
    {
      description: 'Who the caller is, and what it may do.',
      examples: [
        {
          hasKeys: true,
          key: 'shop',
          account: null,
          scopes: ['holds:write', 'accounts:read'],
          accounts: ['user:', '@revenue'],
          assets: null,
          amountMax: '10000',
          commandsPerSecond: null,
          burst: null,
          expiresAt: null,
        },
      ],
    },
  ),
)

export type CallerWire = Static<typeof Caller>

/** @param caller null if the ledger has no keys */
export function callerToWire(caller: CallerKey | null): CallerWire {
  const { within = null, expiresAt = null } = caller ?? {}
  return {
    hasKeys: caller !== null,
    key: caller?.name ?? null,
    account: caller?.account ?? null,
    scopes: SCOPES.filter((scope) => (caller === null ? scope !== 'keys:admin' : caller.scopes.has(scope))),
    accounts: within?.accounts === undefined || within.accounts === null ? null : [...within.accounts],
    assets: within?.assets === undefined || within.assets === null ? null : [...within.assets],
    amountMax: within?.amountMax?.toString() ?? null,
    commandsPerSecond: caller?.commandsPerSecond ?? null,
    burst: caller?.burst ?? null,
    expiresAt: expiresAt === null ? null : instantToWire(expiresAt),
  }
}
