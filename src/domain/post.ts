/** Posts moves. Only this file changes the amounts of a balance. Upholds laws 1, 2 and 3. */
import { isInt64 } from './amount.ts'
import { debtOf, type BalanceRecord } from './balance.ts'
import type { AccountName, Instant } from './ids.ts'
import type { EntryPosting, Posting, PostingRecord } from './journal.ts'
import type { Rejection } from './outcome.ts'

/** The change of one balance in an entry. */
export interface Move {
  readonly balance: BalanceRecord
  readonly available: bigint
  readonly held: bigint
  /** Whether it may take the balance below its floor. Only an overdraft charge may. */
  readonly isOverdraft?: boolean
  /** Whether the standing of the account does not matter: for overdraft charges, what holds and refunds return, and what closes the account. */
  readonly isForced?: boolean
  /** The floor of the balance from now on. Without it, it stays as it is. */
  readonly floor?: bigint
}

/** The postings of one entry, and each changed balance after it, in the order of the moves. */
export interface Posted {
  readonly postings: readonly PostingRecord[]
  readonly balances: readonly BalanceRecord[]
}

/** What the postings of one entry have in common. */
export interface Heading extends Pick<PostingRecord, 'entryId' | 'seq' | 'kind'> {}

/** Checks the moves of one entry and creates its postings. A balance must not be in `moves` twice. */
export function post({ entryId, seq, kind }: Heading, at: Instant, moves: readonly Move[]): Posted | Rejection {
  const refusal = refusedByStanding(moves)
  if (refusal !== null) return refusal
  for (const { balance, available, isOverdraft, floor = balance.floor } of moves) {
    if (isOverdraft === true) continue
    if (available < 0n && floor !== null && balance.available + available < floor) {
      const { account, asset, held } = balance
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
    const { floor = before.floor } = move
    const debt = debtOf({ available, floor })
    if (!isInt64(available) || !isInt64(held) || !isInt64(available + held) || !isInt64(debt)) {
      return { code: 'balance_overflow', account: before.account, asset: before.asset }
    }
    const version = before.version + 1
    postings.push({
      balanceId: before.id,
      version,
      entryId,
      seq,
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
      floor,
      debt,
      standing: before.standing,
      successor: before.successor,
      version,
    })
  }
  return { postings, balances }
}

/** A closed account neither pays nor receives; a blocked one does not pay. */
function refusedByStanding(moves: readonly Move[]): Rejection | null {
  let blocked: AccountName | null = null
  for (const { balance, available, isForced } of moves) {
    const { account, standing, successor } = balance
    if (standing === 'active' || available === 0n || isForced === true) continue
    if (standing === 'closed') return { code: 'account_closed', account, successor: successor! }
    if (available < 0n) blocked ??= account
  }
  return blocked === null ? null : { code: 'account_blocked', account: blocked }
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
