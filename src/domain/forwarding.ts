/** What returns to a closed account, from a hold or a refund, goes on to its successor: by an entry of its own, in the same commit. */
import { balanceKey, type BalanceRecord } from './balance.ts'
import type { Effect, Moment, State } from './decision.ts'
import { forwardOf, type EntryRecord } from './journal.ts'
import type { Rejection } from './outcome.ts'
import { describeAll, post, type Move } from './post.ts'

/** What a command on a hold writes. */
export type Forwarded = Required<Pick<Effect, 'postings' | 'balances'>> & Pick<Effect, 'forward'>

/** @param entryId of the entry by which the coins came */
export function forward(
  { postings, balances }: Omit<Forwarded, 'forward'>,
  entryId: string,
  state: State,
  moment: Moment,
): Forwarded | Rejection {
  if (balances.every(({ successor }) => successor === null)) return { postings, balances }
  const now = new Map(balances.map((balance) => [keyOf(balance), balance]))
  const moves = new Map<string, Move>()
  const move = (balance: BalanceRecord, available: bigint): void => {
    const earlier = moves.get(keyOf(balance))
    moves.set(keyOf(balance), {
      balance,
      available: (earlier?.available ?? 0n) + available,
      held: 0n,
      isForced: true,
    })
  }
  for (const balance of balances) {
    if (balance.successor === null || balance.available <= 0n) continue
    move(balance, -balance.available)
    let receiver = balance
    while (receiver.successor !== null) receiver = state.balance(receiver.successor, balance.asset)
    move(now.get(keyOf(receiver)) ?? receiver, balance.available)
  }
  if (moves.size === 0) return { postings, balances }
  const all = [...moves.values()]
  const id = forwardOf(entryId)
  const seq = moment.nextSeq()
  const posted = post({ entryId: id, seq, kind: 'merge' }, moment.now, all)
  if ('code' in posted) return posted
  for (const balance of posted.balances) now.set(keyOf(balance), balance)
  const entry: EntryRecord = {
    id,
    seq,
    kind: 'merge',
    at: moment.now,
    // No command can name the id.
    fingerprint: 0,
    memo: null,
    metadata: null,
    floor: null,
    overdraft: false,
    account: null,
    legs: null,
    step: null,
    by: moment.by ?? null,
    postings: describeAll(posted, all),
  }
  return { postings: [...postings, ...posted.postings], balances: [...now.values()], forward: entry }
}

function keyOf({ account, asset, stripe }: BalanceRecord): string {
  return balanceKey(account, asset, stripe)
}
