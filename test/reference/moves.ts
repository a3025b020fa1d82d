/** How commands move coins in the reference ledger: the postings, or why there are none, and what closed accounts pass on. */
import type { Rejection } from '../../src/domain/outcome.ts'
import { stamp, type Book, type Circumstances, type EntryBook, type Line } from './books.ts'

const MOST = 2n ** 63n - 1n
const LEAST = -(2n ** 63n)

/** The change of one balance by a command. */
export interface Move {
  readonly account: string
  readonly asset: string
  readonly available: bigint
  readonly held: bigint
  /** In place of the floor of the balance. */
  readonly floor?: bigint
  /** Whether it is possible whatever the standing of the account. */
  readonly isForced?: boolean
}

export interface Moved {
  readonly lines: readonly Line[]
  readonly books: readonly Book[]
}

export interface Entering {
  readonly entryId: string
  readonly kind: string
  readonly at: Circumstances
  readonly overdraft?: boolean
}

type BookOf = (account: string, asset: string) => Book

/** The postings for the moves, or the rejection: standing before insufficient funds, and those before overflow. */
export function move(bookOf: BookOf, moves: readonly Move[], entry: Entering): Moved | Rejection {
  const { entryId, kind, at, overdraft = false } = entry
  const before = moves.map(({ account, asset, floor }) => {
    const book = bookOf(account, asset)
    return floor === undefined ? book : { ...book, floor }
  })
  const minds = moves.map(({ available, isForced = false }) => available !== 0n && !isForced)
  const closed = before.find(({ standing }, index) => minds[index] === true && standing === 'closed')
  if (closed !== undefined) return { code: 'account_closed', account: closed.account, successor: closed.successor! }
  const blocked = before.find(
    ({ standing }, index) => minds[index] === true && moves[index]!.available < 0n && standing === 'blocked',
  )
  if (blocked !== undefined) return { code: 'account_blocked', account: blocked.account }
  for (const [index, { available: delta }] of moves.entries()) {
    const { account, asset, available, held, floor } = before[index]!
    if (delta < 0n && floor !== null && available + delta < floor && !overdraft) {
      return { code: 'insufficient_funds', account, asset, available, held, floor, required: -delta }
    }
  }
  const lines: Line[] = []
  const books: Book[] = []
  for (const [index, move] of moves.entries()) {
    const { account, asset, stripe, floor, standing, successor, ...old } = before[index]!
    const available = old.available + move.available
    const held = old.held + move.held
    const debt = floor !== null && floor > available ? floor - available : 0n
    if ([available, held, available + held, debt].some((amount) => amount > MOST || amount < LEAST)) {
      return { code: 'balance_overflow', account, asset }
    }
    const version = old.version + 1
    const deltas = { availableDelta: move.available, heldDelta: move.held }
    lines.push({ entryId, kind, account, asset, stripe, version, ...deltas, available, held, at: at.now })
    books.push({ account, asset, stripe, available, held, floor, standing, successor, version })
  }
  return { lines, books }
}

/** What came to closed accounts goes on to their successors, by an entry of its own. */
export function forward(
  moved: Moved,
  entry: Entering,
  { bookOf, successorOf }: { readonly bookOf: BookOf; readonly successorOf: (account: string) => string | null },
): (Moved & { forward: EntryBook | null }) | Rejection {
  const latest = new Map(moved.books.map((book) => [keyOf(book), book]))
  const net = new Map<string, Move>()
  const add = (account: string, asset: string, available: bigint): void => {
    const key = keyOf({ account, asset })
    const before = net.get(key)?.available ?? 0n
    net.set(key, { account, asset, available: before + available, held: 0n, isForced: true })
  }
  for (const { account, asset, available, successor } of moved.books) {
    if (successor === null || available <= 0n) continue
    add(account, asset, -available)
    let receiver = successor
    for (let next = successorOf(receiver); next !== null; next = successorOf(next)) receiver = next
    add(receiver, asset, available)
  }
  if (net.size === 0) return { ...moved, forward: null }
  const id = `${entry.entryId}~merge`
  const now = (account: string, asset: string): Book => latest.get(keyOf({ account, asset })) ?? bookOf(account, asset)
  const passed = move(now, [...net.values()], { ...entry, entryId: id })
  if ('code' in passed) return passed
  for (const book of passed.books) latest.set(keyOf(book), book)
  const nothing = { memo: null, metadata: null, floor: null, overdraft: false, legs: null, step: null }
  const passedOn: EntryBook = { id, kind: 'merge', ...stamp(entry.at), ...nothing, postings: passed.lines }
  return { lines: [...moved.lines, ...passed.lines], books: [...latest.values()], forward: passedOn }
}

function keyOf({ account, asset }: { readonly account: string; readonly asset: string }): string {
  return `${account} ${asset}`
}
