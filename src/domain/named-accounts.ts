/** The accounts that a command names in its fields, in their order; one that ends or changes a hold may name a payee only. */
import type { Command, Leg } from './command.ts'
import type { AccountName } from './ids.ts'

interface Names {
  readonly account?: AccountName
  readonly payee?: AccountName | null
  readonly into?: AccountName
  readonly legs?: readonly Leg[]
}

export function accountsIn(command: Command): readonly AccountName[] {
  // Some kinds have none of these fields.
  const { account, payee, into, legs = [] } = command as Names
  const names = [account, payee, into, ...legs.flatMap(({ from, to }) => [from, to])]
  return names.filter((name) => name !== undefined && name !== null)
}
