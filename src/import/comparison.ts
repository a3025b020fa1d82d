/** The state of a user's account in the ledger, and its differences from the opening. */
import { LedgerError } from '../api/error.ts'
import type { Ledger } from '../api/ledger.ts'
import type { Hold } from '../domain/hold.ts'
import { DEFAULT_ASSET } from '../domain/ids.ts'
import type { Opening, OpeningHold } from './examination.ts'
import type { Place } from './mapping.ts'

/** Concurrent reads. */
export const READS_MAX = 16

export interface LedgerState {
  readonly available: bigint
  readonly held: bigint
  readonly floor: bigint
  /** 0 while the balance has no posting. */
  readonly version: number
}

/** The state of an account. An account that does not exist has no coins. */
export async function stateOf(ledger: Ledger, { account, asset }: Place): Promise<LedgerState> {
  const view = await orNull(ledger.account(account), 'account_not_found')
  const balance = view?.balances.find((each) => each.asset === asset)
  if (balance === undefined) return { available: 0n, held: 0n, floor: 0n, version: 0 }
  const { available, held, floor, version } = balance
  return { available, held, floor: floor ?? 0n, version }
}

export function isEqual(opening: Opening, { available, held }: Pick<LedgerState, 'available' | 'held'>): boolean {
  return held === opening.held && available === opening.total - opening.held
}

export interface Comparison {
  readonly state: LedgerState
  /** The differences as sentences; empty if there are none. */
  readonly messages: readonly string[]
  /** The freezes that have no hold yet. */
  readonly missing: readonly OpeningHold[]
  /** Whether a hold is there that is not as its freeze. */
  readonly hasOtherHold: boolean
}

export async function compare(ledger: Ledger, opening: Opening): Promise<Comparison> {
  const state = await stateOf(ledger, opening)
  const messages: string[] = []
  if (!isEqual(opening, state)) {
    const old = `${opening.total - opening.held} available and ${opening.held} frozen in the old system`
    messages.push(`${nameOf(opening)}: ${old}, ${state.available} available and ${state.held} held in the ledger.`)
  }
  const missing: OpeningHold[] = []
  let hasOtherHold = false
  for (let from = 0; from < opening.holds.length; from += READS_MAX) {
    const some = opening.holds.slice(from, from + READS_MAX)
    const holds = await Promise.all(some.map(({ requestId }) => orNull(ledger.hold(requestId), 'hold_not_found')))
    for (const [index, hold] of holds.entries()) {
      const difference = holdDifference(hold, some[index]!, opening)
      if (difference === null) continue
      messages.push(difference)
      if (hold === null) missing.push(some[index]!)
      else hasOtherHold = true
    }
  }
  return { state, messages, missing, hasOtherHold }
}

function holdDifference(
  hold: Hold | null,
  { requestId, amount }: OpeningHold,
  { account, asset }: Opening,
): string | null {
  const prefix = `${account}: the freeze ${requestId} of ${amount}`
  if (hold === null) return `${prefix} has no hold in the ledger.`
  if (hold.account !== account || hold.asset !== asset) return `${prefix} is a hold of ${hold.account} ${hold.asset}.`
  if (hold.state !== 'open') return `${prefix} is ${hold.state} in the ledger.`
  return hold.held === amount ? null : `${prefix} holds ${hold.held} in the ledger.`
}

/** The asset is left out if it is the one that every ledger has. */
function nameOf({ account, asset }: Opening): string {
  return asset === DEFAULT_ASSET ? account : `${account} ${asset}`
}

const PAGE_ROWS = 1_000

/** Every open hold of an account's balance. */
export async function* openHoldsOf(ledger: Ledger, { account, asset }: Place): AsyncGenerator<Hold> {
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
