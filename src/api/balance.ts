/** A balance on the wire. */
import { type Balance as Value } from '../domain/balance.ts'
import { jsonForm } from './json-form.ts'
import { page, type Resource } from './resource.ts'
import { AccountName, amount, AssetCode, named, nullableAmount, sum, VERSION } from './schema.ts'
import { type Static, Type } from './typebox.ts'

export const BALANCE_EXAMPLE = {
  account: 'user:8',
  asset: 'credit',
  available: '9384',
  held: '616',
  total: '10000',
  floor: '0',
  version: 2,
}

export const Balance = named(
  'Balance',
  Type.Object(
    {
      account: AccountName,
      asset: AssetCode,
      available: sum('The coins that can be spent.'),
      held: amount('The coins that open holds have set aside.'),
      total: sum('available + held.'),
      floor: nullableAmount(
        'The lowest value that `available` may reach; null for house accounts, which have no floor.',
      ),
      version: Type.Integer(VERSION),
    },
    { description: "One account's coins of one asset.", examples: [BALANCE_EXAMPLE] },
  ),
)

export const BalancePage = page('BalancePage', 'balances', Balance)

export type BalancePageWire = Static<typeof BalancePage>
export type BalanceWire = Static<typeof Balance>

export function balanceToWire(balance: Value): BalanceWire {
  return {
    account: balance.account,
    asset: balance.asset,
    available: balance.available.toString(),
    held: balance.held.toString(),
    total: balance.total.toString(),
    floor: balance.floor === null ? null : balance.floor.toString(),
    version: balance.version,
  }
}

export function balanceFromWire(wire: BalanceWire): Value {
  return {
    account: wire.account,
    asset: wire.asset,
    available: BigInt(wire.available),
    held: BigInt(wire.held),
    total: BigInt(wire.total),
    floor: wire.floor === null ? null : BigInt(wire.floor),
    version: wire.version,
  }
}

export const BALANCE: Resource<Value, BalanceWire> = {
  schema: Balance,
  toWire: balanceToWire,
  fromWire: balanceFromWire,
  withJson: jsonForm(balanceToWire),
}
