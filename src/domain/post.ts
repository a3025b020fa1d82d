/** Posts moves. Only this file changes the amounts of a balance. Upholds laws 1, 2 and 3. */
import { isInt64 } from './amount.ts'
import type { BalanceRecord } from './balance.ts'
import type { Instant } from './ids.ts'
import type { EntryKind, EntryPosting, Posting, PostingRecord } from './journal.ts'
import type { Rejection } from './outcome.ts'

/** The change of one balance in an entry. */
export interface Move {
  readonly balance: BalanceRecord
  readonly available: bigint
  readonly held: bigint
}

/** The postings of one entry, and each changed balance after it, in the order of the moves. */
export interface Posted {
  readonly postings: readonly PostingRecord[]
  readonly balances: readonly BalanceRecord[]
}

/** Checks the moves of one entry and creates its postings. A balance must not be in `moves` twice. */
export function post(entryId: string, kind: EntryKind, at: Instant, moves: readonly Move[]): Posted | Rejection {
  for (const { balance, available } of moves) {
    if (available < 0n && balance.floor !== null && balance.available + available < balance.floor) {
      const { account, asset, held, floor } = balance
      return {
        code: 'insufficient_funds',
        account,
        asset,
        available: balance.available,
        held,
        floor,
        required: -available,
      }
    }
  }
  const postings: PostingRecord[] = []
  const balances: BalanceRecord[] = []
  for (const move of moves) {
    const before = move.balance
    const available = before.available + move.available
    const held = before.held + move.held
    if (!isInt64(available) || !isInt64(held) || !isInt64(available + held)) {
      return { code: 'balance_overflow', account: before.account, asset: before.asset }
    }
    const version = before.version + 1
    postings.push({
      balanceId: before.id,
      version,
      entryId,
      kind,
      availableDelta: move.available,
      heldDelta: move.held,
      available,
      held,
      at,
    })
    balances.push({
      id: before.id,
      account: before.account,
      asset: before.asset,
      stripe: before.stripe,
      available,
      held,
      floor: before.floor,
      version,
    })
  }
  return { postings, balances }
}

/** A posting with the names of its balance. */
export function describe(posting: PostingRecord, balance: BalanceRecord): Posting {
  const { entryId, kind, version, availableDelta, heldDelta, available, held, at } = posting
  const { account, asset, stripe } = balance
  return { entryId, kind, account, asset, stripe, version, availableDelta, heldDelta, available, held, at }
}

/** The postings of an entry with the names of their balances, as in its record. */
export function describeAll({ postings }: Posted, moves: readonly Move[]): readonly EntryPosting[] {
  return postings.map((posting, index) => ({
    balanceId: posting.balanceId,
    posting: describe(posting, moves[index]!.balance),
  }))
}
