/** The answer of an `open` on the wire. */
import type { OpenedAccount as Value } from '../domain/command.ts'
import { balanceTag } from '../domain/precondition.ts'
import { BALANCE, BALANCE_EXAMPLE, Balance, balanceFromWire, balanceToWire } from './balance.ts'
import { jsonForm } from './json-form.ts'
import type { Resource } from './resource.ts'
import { AccountName, MetadataAnswer, named, reference } from './schema.ts'
import { type Static, Type } from './typebox.ts'

export const OpenedAccount = named(
  'OpenedAccount',
  Type.Object(
    {
      account: AccountName,
      metadata: MetadataAnswer,
      balance: Type.Union([reference(Balance), Type.Null()], {
        description: 'The balance that the request named; null: it named none.',
      }),
    },
    {
      description: 'What an open set. `metadata` is null if the request left the metadata as it was.',
      examples: [{ account: 'user:8', metadata: { plan: 'pro' }, balance: BALANCE_EXAMPLE }],
    },
  ),
)

export type OpenedAccountWire = Static<typeof OpenedAccount>

export function openedToWire({ account, metadata, balance }: Value): OpenedAccountWire {
  return { account, metadata, balance: balance === null ? null : balanceToWire(balance) }
}

export function openedFromWire({ account, metadata, balance }: OpenedAccountWire): Value {
  return { account, metadata, balance: balance === null ? null : balanceFromWire(balance) }
}

const ownJson = jsonForm(openedToWire)

export const OPENED_ACCOUNT: Resource<Value, OpenedAccountWire> = {
  schema: OpenedAccount,
  toWire: openedToWire,
  fromWire: openedFromWire,
  tag: ({ balance }) => (balance === null ? null : balanceTag(balance)),
  withJson(value) {
    if (value.balance !== null) BALANCE.withJson(value.balance)
    return ownJson(value)
  },
}
