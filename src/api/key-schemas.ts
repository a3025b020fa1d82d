/** The schemas of keys. The client does not need them. */
import { CONFINED_MAX, GRACE_MS_DEFAULT, GRACE_MS_MAX, KEY_NAME_PATTERN, RATE_MAX } from '../access/key.ts'
import { SCOPES, type Scope } from '../access/scope.ts'
import { INSTANT_MAX } from '../domain/ids.ts'
import { amount } from './fields.ts'
import { ACCOUNT_PREFIX_PATTERN } from './key-input.ts'
import { FROZEN_AT, page } from './resource.ts'
import { AssetCode, INT64_PATTERN, instant, named, nullableText, words } from './schema.ts'
import { type Static, type TSchema, Type } from './typebox.ts'

const KeyName = Type.String({
  pattern: KEY_NAME_PATTERN,
  description: 'The name of the key.',
  examples: ['shop'],
})
const Scopes = (options: object) =>
  Type.Array(words<Scope>(SCOPES, { description: 'What a key may do.' }), { uniqueItems: true, ...options })
const Prefix = Type.String({ pattern: ACCOUNT_PREFIX_PATTERN, examples: ['user:'] })

function nullable<Of>(schema: TSchema<Of>, description: string) {
  return Type.Union<readonly [TSchema<Of>, TSchema<null>]>([schema, Type.Null()], { description })
}

function nullableInstant(description: string) {
  return nullableText({ format: 'date-time', description })
}

const KEY_FIELDS = {
  number: Type.Integer({ minimum: 1, description: 'It stays when the key is rotated.', examples: [1] }),
  name: KeyName,
  scopes: Scopes({ description: 'What the key may do.' }),
  accounts: nullable(Type.Array(Prefix), 'Beginnings of the names of its accounts; null: any account.'),
  assets: nullable(Type.Array(AssetCode), 'Its assets; null: any asset.'),
  amountMax: nullableText({
    pattern: INT64_PATTERN,
    description: 'The largest amount of one command, in minor units; null: any amount.',
  }),
  commandsPerSecond: nullable(Type.Integer({ minimum: 1 }), 'The rate limit; null: none of its own.'),
  burst: nullable(Type.Integer({ minimum: 1 }), 'How many commands may come at once; null: none of its own.'),
  createdAt: instant('When it was made.'),
  rotatedAt: nullableInstant('When it got its present secret; null: when it was made.'),
  previousUntil: nullableInstant('Until when the secret before the rotation is valid; null: it is not.'),
  expiresAt: nullableInstant('Its expiry; null: none.'),
  lastUsedAt: nullableInstant('Its last use, at most about a minute old; null: none.'),
  revokedAt: nullableInstant('When it was revoked; null: it is not.'),
}

const EXAMPLE = {
  number: 2,
  name: 'shop',
  scopes: ['holds:write', 'accounts:read'],
  accounts: ['user:', '@revenue'],
  assets: null,
  amountMax: '10000',
  commandsPerSecond: null,
  burst: null,
  createdAt: FROZEN_AT,
  rotatedAt: null,
  previousUntil: null,
  expiresAt: null,
  lastUsedAt: null,
  revokedAt: null,
}

export const Key = named(
  'Key',
  Type.Object(KEY_FIELDS, { description: 'A key of a caller, without its secret.', examples: [EXAMPLE] }),
)

export const SecretKey = named(
  'SecretKey',
  Type.Object(
    {
      ...KEY_FIELDS,
      secret: Type.String({
        description: 'What the caller sends as `Authorization: Bearer`. Nobody can read it again.',
      }),
      warnings: Type.Array(Type.String(), {
        description:
          'What the key admits and its maker may not have meant: accounts beyond a prefix that ends in a letter or a digit.',
      }),
    },
    {
      description: 'A key with its new secret.',
      examples: [{ ...EXAMPLE, secret: `hf_${'x'.repeat(38)}`, warnings: [] }],
    },
  ),
)

export const KeyPage = page('KeyPage', 'keys', Key)

export const KeyBody = named(
  'KeyBody',
  Type.Object(
    {
      name: KeyName,
      scopes: Scopes({ minItems: 1, maxItems: SCOPES.length, description: 'What the key may do.' }),
      accounts: Type.Optional(
        Type.Array(Prefix, {
          minItems: 1,
          maxItems: CONFINED_MAX,
          description:
            'Confines the key to accounts whose name begins with one of these texts. `user:8` is also the beginning of `user:80`: end a text with ' +
            'what ends the name of a group, such as `:`. Default: any account. Name the payee too: `@revenue`.',
        }),
      ),
      assets: Type.Optional(
        Type.Array(AssetCode, {
          minItems: 1,
          maxItems: CONFINED_MAX,
          description: 'Confines the key to these assets. Default: any asset.',
        }),
      ),
      amountMax: Type.Optional(amount('The largest amount of one command. Default: any amount.', 1n).schema),
      commandsPerSecond: Type.Optional(
        Type.Integer({ minimum: 1, maximum: RATE_MAX, description: 'The rate limit. Default: none of its own.' }),
      ),
      burst: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: RATE_MAX,
          description: 'How many commands may come at once. Only together with `commandsPerSecond`.',
        }),
      ),
      expiresAt: Type.Optional(
        Type.Union(
          [
            Type.String({ format: 'date-time' }),
            Type.Integer({ minimum: 1, maximum: INSTANT_MAX, description: 'Milliseconds since 1970.' }),
          ],
          { description: 'The expiry of the key. Default: none.', examples: ['2031-01-31T12:00:00.000Z'] },
        ),
      ),
      expiresInMs: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: INSTANT_MAX,
          description: 'The expiry from now on, instead of `expiresAt`.',
        }),
      ),
    },
    {
      additionalProperties: false,
      description: 'A new key. A key with `keys:admin` cannot be confined.',
      examples: [{ name: 'shop', scopes: ['holds:write', 'accounts:read'], accounts: ['user:', '@revenue'] }],
    },
  ),
)

export const RotateBody = named(
  'RotateBody',
  Type.Object(
    {
      graceMs: Type.Optional(
        Type.Integer({
          minimum: 0,
          maximum: GRACE_MS_MAX,
          default: GRACE_MS_DEFAULT,
          description: 'How long the secret before stays valid; 0: it ends at once.',
        }),
      ),
    },
    { additionalProperties: false, description: 'No field is required.', examples: [{ graceMs: 3_600_000 }] },
  ),
)

export type KeyWire = Static<typeof Key>
export type SecretKeyWire = Static<typeof SecretKey>
export type KeyPageWire = Static<typeof KeyPage>
