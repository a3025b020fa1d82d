/**
 * A ledger written from the glossary and the laws alone, one command at a time, to say what must be answered and which rows must
 * appear. It shares nothing with the product but the types of what goes in and comes out.
 *
 * A new kind of command is a method and a row in `#attempt`.
 */
import { isDeepStrictEqual } from 'node:util'
import type {
  ChargeCommand,
  Command,
  DeclareCommand,
  DepositCommand,
  FreezeCommand,
  Group,
  OpenCommand,
  ReleaseCommand,
  SettleCommand,
  TransferCommand,
} from '../../src/domain/command.ts'
import type { Rejection } from '../../src/domain/outcome.ts'

const MOST = 2n ** 63n - 1n
const LEAST = -(2n ** 63n)

export interface Book {
  readonly account: string
  readonly asset: string
  readonly stripe: number
  readonly available: bigint
  readonly held: bigint
  readonly floor: bigint | null
  readonly version: number
}

export interface Line {
  readonly entryId: string
  readonly kind: string
  readonly account: string
  readonly asset: string
  readonly stripe: number
  readonly version: number
  readonly availableDelta: bigint
  readonly heldDelta: bigint
  readonly available: bigint
  readonly held: bigint
  readonly at: number
}

export interface HoldBook {
  readonly id: string
  readonly account: string
  readonly asset: string
  readonly payee: string
  readonly state: string
  readonly amount: bigint
  readonly held: bigint
  readonly settled: bigint
  readonly released: bigint
  readonly drawn: bigint
  readonly shortfall: bigint
  readonly refunded: bigint
  readonly settledLate: bigint
  readonly onExpiry: unknown
  readonly expiresAt: number
  readonly createdAt: number
  readonly endedAt: number | null
  readonly metadata: unknown
}

export interface AssetBook {
  readonly code: string
  readonly decimals: number
  readonly name: string
  readonly createdAt: number
}

/** Where and when a command is decided. */
export interface Circumstances {
  /** The stripe of the house accounts that the engine writes. */
  readonly stripe: number
  readonly now: number
  readonly ttlMsDefault: number
  readonly ttlMsMax: number
}

export type Verdict =
  | { readonly kind: 'applied'; readonly answer: unknown; readonly lines: readonly Line[]; readonly write: () => void }
  | { readonly kind: 'repeated'; readonly answer: unknown }
  | { readonly kind: 'refused'; readonly rejection: Rejection }

interface Known {
  readonly contents: string
  readonly answer: unknown
}

/** What a command does to one balance. */
interface Move {
  readonly account: string
  readonly available: bigint
  readonly held: bigint
}

export class ReferenceLedger {
  /** By account, asset and stripe. */
  readonly books = new Map<string, Book>()
  readonly holds = new Map<string, HoldBook>()
  readonly assets = new Map<string, AssetBook>([
    ['credit', { code: 'credit', decimals: 0, name: 'Credit', createdAt: 0 }],
  ])
  readonly metadata = new Map<string, unknown>()
  /** What was asked under each request id, and what was answered. */
  readonly #requests = new Map<string, Known>()
  /** What ended each hold. */
  readonly #ends = new Map<string, Known>()
  #undo: (() => void)[] | null = null

  /** What has to be said to a command now. Nothing changes until `write` is called. */
  decide(command: Command, at: Circumstances): Verdict {
    const earlier = this.#earlier(command)
    if (earlier !== undefined) {
      if (earlier.contents === contentsOf(command)) return { kind: 'repeated', answer: earlier.answer }
      if ('requestId' in command) return refuse({ code: 'request_id_reused', requestId: command.requestId })
    }
    return this.#attempt(command, at)
  }

  /** The rejection of a group's first member that has one, and its position; null when the group can be applied. */
  decideGroup(group: Group, at: Circumstances): { position: number; rejection: Rejection } | null {
    const undo: (() => void)[] = []
    this.#undo = undo
    try {
      for (const [position, command] of group.commands.entries()) {
        const verdict = this.decide(command, at)
        if (verdict.kind === 'refused') return { position, rejection: verdict.rejection }
        if (verdict.kind === 'applied') verdict.write()
      }
      return null
    } finally {
      this.#undo = null
      for (const step of undo.reverse()) step()
    }
  }

  /** Whether a request id has had an effect. */
  knows(requestId: string): boolean {
    return this.#requests.has(requestId)
  }

  book(account: string, asset: string, stripe: number): Book {
    const own = isHouse(account) ? stripe : 0
    const floor = isHouse(account) ? null : 0n
    const empty = { account, asset, stripe: own, available: 0n, held: 0n, floor, version: 0 }
    return this.books.get(`${account} ${asset} ${own}`) ?? empty
  }

  setAsset(asset: AssetBook): void {
    this.#put(this.assets, asset.code, asset)
  }

  #earlier(command: Command): Known | undefined {
    if ('requestId' in command) return this.#requests.get(command.requestId)
    return 'hold' in command ? this.#ends.get(command.hold) : undefined
  }

  #attempt(command: Command, at: Circumstances): Verdict {
    switch (command.kind) {
      case 'deposit':
        return this.#deposit(command, at)
      case 'charge':
        return this.#charge(command, at)
      case 'transfer':
        return this.#transfer(command, at)
      case 'freeze':
        return this.#freeze(command, at)
      case 'settle':
      case 'release':
        return this.#end(command, at)
      case 'open':
        return this.#open(command, at)
      case 'declare':
        return this.#declare(command, at)
      case 'rate':
        throw new Error('The workload declares no rates.')
      case 'settle-part':
      case 'amend':
      case 'refund':
        throw new Error('The workload makes no steps of holds.')
    }
  }

  #deposit(command: DepositCommand, at: Circumstances): Verdict {
    const { account, asset, amount } = command
    if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    if (isHouse(account)) return refuse({ code: 'house_account', account })
    return this.#enter(command, at, [
      { account: '@issuer', asset, available: -amount },
      { account, asset, available: amount },
    ])
  }

  #charge(command: ChargeCommand, at: Circumstances): Verdict {
    const { account, payee, asset, amount } = command
    if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    if (isHouse(account)) return refuse({ code: 'house_account', account })
    if (account === payee) return refuse({ code: 'same_account', account })
    return this.#enter(command, at, [
      { account, asset, available: -amount },
      { account: payee, asset, available: amount },
    ])
  }

  #transfer(command: TransferCommand, at: Circumstances): Verdict {
    for (const { asset } of command.legs) if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    for (const { from, to } of command.legs) if (from === to) return refuse({ code: 'same_account', account: from })
    const moves = command.legs.flatMap(({ from, to, asset, amount }) => [
      { account: from, asset, available: -amount },
      { account: to, asset, available: amount },
    ])
    return this.#enter(command, at, moves)
  }

  /** Coins move, and an entry tells of it. Several moves of one balance are one. */
  #enter(
    command: DepositCommand | ChargeCommand | TransferCommand,
    at: Circumstances,
    moves: readonly { account: string; asset: string; available: bigint }[],
  ): Verdict {
    const { requestId: id, kind, memo, metadata } = command
    const net = new Map<string, Move & { asset: string }>()
    for (const { account, asset, available } of moves) {
      const key = `${account} ${asset}`
      net.set(key, { account, asset, available: (net.get(key)?.available ?? 0n) + available, held: 0n })
    }
    const moved = this.#move([...net.values()], { entryId: id, kind, at })
    if ('code' in moved) return refuse(moved)
    const answer = { id, kind, hold: null, at: at.now, memo, metadata, floor: null, legs: null, postings: moved.lines }
    return this.#applied(moved, answer, () => this.#remember(command, id, answer))
  }

  #freeze(command: FreezeCommand, at: Circumstances): Verdict {
    const { requestId: id, account, payee, asset, amount, metadata } = command
    if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    if (isHouse(account)) return refuse({ code: 'house_account', account })
    if (account === payee) return refuse({ code: 'same_account', account })
    const expiresAt = command.expiresAt ?? at.now + (command.expiresInMs ?? at.ttlMsDefault)
    if (expiresAt <= at.now || expiresAt > at.now + at.ttlMsMax) {
      return refuse({ code: 'expiry_out_of_range', ttlMsMax: at.ttlMsMax })
    }
    const moved = this.#move([{ account, asset, available: -amount, held: amount }], {
      entryId: id,
      kind: 'freeze',
      at,
    })
    if ('code' in moved) return refuse(moved)
    const hold: HoldBook = {
      id,
      account,
      asset,
      payee,
      state: 'open',
      amount,
      held: amount,
      settled: 0n,
      released: 0n,
      drawn: 0n,
      shortfall: 0n,
      refunded: 0n,
      settledLate: 0n,
      onExpiry: command.onExpiry,
      expiresAt,
      createdAt: at.now,
      endedAt: null,
      metadata,
    }
    return this.#applied(moved, hold, () => {
      this.#put(this.holds, id, hold)
      this.#remember(command, id, hold)
    })
  }

  /** A settle pays the payee first out of the hold, then out of what is available when it may; a release pays nothing. */
  #end(command: SettleCommand | ReleaseCommand, at: Circumstances): Verdict {
    const hold = this.holds.get(command.hold)
    if (hold === undefined) return refuse({ code: 'hold_not_found', hold: command.hold })
    const { id, account, payee, asset, state, settled: paid } = hold
    if (state !== 'open') return refuse({ code: 'hold_not_open', hold: id, state: state as 'settled', settled: paid })
    const isExpiry = command.kind === 'release' && command.cause === 'expiry'
    if (isExpiry && at.now < hold.expiresAt) {
      return refuse({ code: 'hold_not_due', hold: id, expiresAt: hold.expiresAt })
    }
    const asked = command.kind === 'settle' ? command.amount : 0n
    const overage = command.kind === 'settle' ? command.overage : 'cap'
    if (asked > hold.held && overage === 'reject') {
      return refuse({ code: 'settle_above_hold', hold: id, held: hold.held })
    }
    const { available, floor } = this.book(account, asset, at.stripe)
    const spendable = overage === 'draw' && available > floor! ? available - floor! : 0n
    const settled = least(asked, hold.held + spendable)
    const drawn = settled > hold.held ? settled - hold.held : 0n
    const released = settled < hold.held ? hold.held - settled : 0n
    const moves = [{ account, asset, available: released - drawn, held: -hold.held }]
    if (settled > 0n) moves.push({ account: payee, asset, available: settled, held: 0n })
    const moved = this.#move(moves, { entryId: `${id}~${command.kind}`, kind: command.kind, at })
    if ('code' in moved) return refuse(moved)
    const ended = command.kind === 'settle' ? 'settled' : command.cause === 'expiry' ? 'expired' : 'released'
    const answer: HoldBook = {
      ...hold,
      state: ended,
      held: 0n,
      settled,
      released,
      drawn,
      shortfall: asked - settled,
      endedAt: at.now,
    }
    return this.#applied(moved, answer, () => {
      this.#put(this.holds, id, answer)
      this.#put(this.#ends, id, { contents: contentsOf(command), answer })
    })
  }

  #open(command: OpenCommand, at: Circumstances): Verdict {
    const { requestId: id, account, asset, floor, metadata } = command
    if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    if (isHouse(account)) return refuse({ code: 'house_account', account })
    const { available } = this.book(account, asset, at.stripe)
    if (floor > available) return refuse({ code: 'floor_above_available', account, asset, available })
    const moved = this.#move([{ account, asset, available: 0n, held: 0n }], { entryId: id, kind: 'open', at })
    if ('code' in moved) return refuse(moved)
    const book = { ...moved.books[0]!, floor }
    const answer = {
      account,
      asset,
      available,
      held: book.held,
      total: available + book.held,
      floor,
      version: book.version,
    }
    return this.#applied({ ...moved, books: [book] }, answer, () => {
      if (metadata !== null) this.#put(this.metadata, account, metadata)
      this.#remember(command, id, answer)
    })
  }

  #declare({ asset: code, decimals, name }: DeclareCommand, at: Circumstances): Verdict {
    const known = this.assets.get(code)
    if (known !== undefined && known.decimals !== decimals) {
      return refuse({ code: 'asset_conflict', asset: code, decimals: known.decimals })
    }
    if (known?.name === name) return { kind: 'repeated', answer: known }
    const answer: AssetBook = { code, decimals, name, createdAt: known?.createdAt ?? at.now }
    return { kind: 'applied', answer, lines: [], write: () => this.setAsset(answer) }
  }

  /** The lines that the moves write, or why they cannot be made: first what is missing, then what does not fit. */
  #move(
    moves: readonly (Move & { asset: string })[],
    entry: { entryId: string; kind: string; at: Circumstances },
  ): { lines: readonly Line[]; books: readonly Book[] } | Rejection {
    const { entryId, kind, at } = entry
    const before = moves.map(({ account, asset }) => this.book(account, asset, at.stripe))
    for (const [index, { available: delta }] of moves.entries()) {
      const { account, asset, available, held, floor } = before[index]!
      if (delta < 0n && floor !== null && available + delta < floor) {
        return { code: 'insufficient_funds', account, asset, available, held, floor, required: -delta }
      }
    }
    const lines: Line[] = []
    const books: Book[] = []
    for (const [index, move] of moves.entries()) {
      const { account, asset, stripe, floor, ...old } = before[index]!
      const available = old.available + move.available
      const held = old.held + move.held
      if ([available, held, available + held].some((amount) => amount > MOST || amount < LEAST)) {
        return { code: 'balance_overflow', account, asset }
      }
      const version = old.version + 1
      const deltas = { availableDelta: move.available, heldDelta: move.held }
      lines.push({ entryId, kind, account, asset, stripe, version, ...deltas, available, held, at: at.now })
      books.push({ account, asset, stripe, available, held, floor, version })
    }
    return { lines, books }
  }

  #applied(
    { lines, books }: { lines: readonly Line[]; books: readonly Book[] },
    answer: unknown,
    write: () => void,
  ): Verdict {
    return {
      kind: 'applied',
      answer,
      lines,
      write: () => {
        for (const book of books) this.#put(this.books, `${book.account} ${book.asset} ${book.stripe}`, book)
        write()
      },
    }
  }

  #remember(command: Command, id: string, answer: unknown): void {
    this.#put(this.#requests, id, { contents: contentsOf(command), answer })
  }

  #put<Value>(map: Map<string, Value>, key: string, value: Value): void {
    if (this.#undo !== null) {
      const before = map.get(key)
      this.#undo.push(() => (before === undefined ? map.delete(key) : map.set(key, before)))
    }
    map.set(key, value)
  }
}

const contents = new WeakMap<Command, string>()

/** Equal for two requests that ask for the same. */
export function contentsOf(command: Command): string {
  const known = contents.get(command) ?? spell(command)
  contents.set(command, known)
  return known
}

/** Whether two rows or answers are alike in every field. */
export function isAlike(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(left, right)
}

/** One text for one value: fields in the order of their names, amounts as decimals. */
export function spell(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
  })
}

function isHouse(account: string): boolean {
  return account.startsWith('@')
}

function least(left: bigint, right: bigint): bigint {
  return left < right ? left : right
}

function refuse(rejection: Rejection): Verdict {
  return { kind: 'refused', rejection }
}
