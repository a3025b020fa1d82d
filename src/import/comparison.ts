/** The state of a user's account in the ledger, and its differences from the opening. */
import { LedgerError } from '../api/error.ts'
import type { Ledger } from '../api/ledger.ts'
import type { Hold } from '../domain/hold.ts'
import type { AccountName, AssetCode } from '../domain/ids.ts'
import type { Opening, OpeningHold } from './examination.ts'

/** Concurrent reads. */
export const READS_MAX = 16

export interface LedgerState {
  readonly available: bigint
  readonly held: bigint
  /** 0 while the balance has no posting. */
  readonly version: number
}

/** The state of an account. An account that does not exist has no coins. */
export async function stateOf(ledger: Ledger, account: AccountName, asset: AssetCode): Promise<LedgerState> {
  const view = await orNull(ledger.account(account), 'account_not_found')
  const balance = view?.balances.find((each) => each.asset === asset)
  return balance ?? { available: 0n, held: 0n, version: 0 }
}

export function isEqual(opening: Opening, { available, held }: LedgerState): boolean {
  return held === opening.held && available === opening.total - opening.held
}

/** The differences as sentences; empty if there are none. */
export async function differencesOf(ledger: Ledger, opening: Opening, asset: AssetCode): Promise<readonly string[]> {
  const state = await stateOf(ledger, opening.account, asset)
  const found: string[] = []
  if (!isEqual(opening, state)) {
    const old = `${opening.total - opening.held} available and ${opening.held} frozen in the old system`
    found.push(`${opening.account}: ${old}, ${state.available} available and ${state.held} held in the ledger.`)
  }
  for (let from = 0; from < opening.holds.length; from += READS_MAX) {
    const some = opening.holds.slice(from, from + READS_MAX)
    found.push(...(await Promise.all(some.map((hold) => holdDifference(ledger, opening, { ...hold, asset })))).flat())
  }
  return found
}

async function holdDifference(
  ledger: Ledger,
  { account }: Opening,
  { requestId, amount, asset }: OpeningHold & { readonly asset: AssetCode },
): Promise<readonly string[]> {
  const hold = await orNull(ledger.hold(requestId), 'hold_not_found')
  const prefix = `${account}: the freeze ${requestId} of ${amount}`
  if (hold === null) return [`${prefix} has no hold in the ledger.`]
  if (hold.account !== account || hold.asset !== asset) return [`${prefix} is a hold of ${hold.account} ${hold.asset}.`]
  if (hold.state !== 'open') return [`${prefix} is ${hold.state} in the ledger.`]
  return hold.held === amount ? [] : [`${prefix} holds ${hold.held} in the ledger.`]
}

const PAGE_ROWS = 1_000

/** Every open hold of an account's balance. */
export async function* openHoldsOf(ledger: Ledger, account: AccountName, asset: AssetCode): AsyncGenerator<Hold> {
  for (let cursor: string | null = null; ;) {
    const from = cursor === null ? {} : { cursor }
    const page = await ledger.holds({ account, asset, state: 'open', limit: PAGE_ROWS, ...from })
    yield* page.items
    if (page.next === null) return
    cursor = page.next
  }
}

/** Returns null for an error with this code; other errors are thrown. */
export async function orNull<Value>(call: Promise<Value>, code: LedgerError['code']): Promise<Value | null> {
  try {
    return await call
  } catch (error) {
    if (error instanceof LedgerError && error.code === code) return null
    throw error
  }
}
