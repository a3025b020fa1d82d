/**
 * A second ledger, written from the glossary and the laws alone: it decides one command at a time, and states the expected answer and rows.
 * It shares only types with the product.
 *
 * A new command kind needs a method and a case in `#attempt`.
 */
import type {
  ChargeCommand,
  Command,
  DeclareCommand,
  DepositCommand,
  FreezeCommand,
  Group,
  OpenCommand,
  RateCommand,
  TransferCommand,
} from '../../src/domain/command.ts'
import type { Rejection } from '../../src/domain/outcome.ts'
import type { AssetBook, Book, Circumstances, EntryBook, HoldBook, HoldEventBook, Line, Verdict } from './books.ts'
import { exchange, isAcross, movesOf, ownCounterpart, type LegBook, type RateBook } from './exchange.ts'
import { changeHold, expiryOf, fits, type HoldCommand } from './holds.ts'
import { contentsOf, isAlike } from './spelling.ts'

const MOST = 2n ** 63n - 1n
const LEAST = -(2n ** 63n)

interface Known {
  readonly contents: string
  readonly answer: unknown
}

/** The change of one balance by a command. */
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
  /** By pair; versions in ascending order. */
  readonly rates = new Map<string, readonly RateBook[]>()
  readonly metadata = new Map<string, unknown>()
  /** The contents and the answer of each request id. */
  readonly #requests = new Map<string, Known>()
  /** The command that ended each hold. */
  readonly #ends = new Map<string, Known>()
  /** The events of each hold, beginning with its freeze. */
  readonly histories = new Map<string, readonly Omit<HoldEventBook, 'number'>[]>()
  /** The entry ids of each hold's steps. */
  readonly #steps = new Map<string, readonly string[]>()
  #undo: (() => void)[] | null = null

  /** The verdict on a command. Nothing changes until its `write` is called. */
  decide(command: Command, at: Circumstances): Verdict {
    const earlier = this.#earlier(command)
    if (earlier !== undefined) {
      if (earlier.contents === contentsOf(command)) return { kind: 'repeated', answer: earlier.answer }
      if ('requestId' in command) return refuse({ code: 'request_id_reused', requestId: command.requestId })
    }
    return this.#attempt(command, at)
  }

  /** The first rejection among a group's members and its position; null when the group can be applied. */
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

  /** Whether the request id has taken effect. */
  knows(requestId: string): boolean {
    return this.#requests.has(requestId)
  }

  book(account: string, asset: string, stripe: number): Book {
    const own = isHouse(account) ? stripe : 0
    const floor = isHouse(account) ? null : 0n
    const empty = { account, asset, stripe: own, available: 0n, held: 0n, floor, version: 0 }
    return this.books.get(`${account} ${asset} ${own}`) ?? empty
  }

  stepsOf(hold: string): readonly string[] {
    return this.#steps.get(hold) ?? []
  }

  /** The answers to a hold's freeze and to its end; null for what has not happened. */
  firstAnswersOf(hold: string): { readonly freeze: unknown; readonly end: unknown } {
    return { freeze: this.#requests.get(hold)?.answer ?? null, end: this.#ends.get(hold)?.answer ?? null }
  }

  setAsset(asset: AssetBook): void {
    this.#put(this.assets, asset.code, asset)
  }

  ratesOf(from: string, to: string): readonly RateBook[] {
    return this.rates.get(`${from} ${to}`) ?? []
  }

  /** Answers `question` as if `rates` had been declared; leaves the ledger unchanged. */
  assuming<Answer>(rates: readonly RateBook[], question: () => Answer): Answer {
    return this.supposing(() => {
      for (const rate of rates) this.#addRate(rate)
    }, question)
  }

  /** Answers `question` after `change`, then undoes the change. */
  supposing<Answer>(change: () => void, question: () => Answer): Answer {
    const undo: (() => void)[] = []
    this.#undo = undo
    change()
    this.#undo = null
    const answer = question()
    for (const step of undo.reverse()) step()
    return answer
  }

  #addRate(rate: RateBook): void {
    this.#put(this.rates, `${rate.from} ${rate.to}`, [...this.ratesOf(rate.from, rate.to), rate])
  }

  #earlier(command: Command): Known | undefined {
    if ('requestId' in command) return this.#requests.get(command.requestId)
    if (!('hold' in command)) return undefined
    const isLate = command.kind === 'settle' && command.late && this.holds.get(command.hold)?.state === 'expired'
    return isLate ? this.#requests.get(`${command.hold}~late`) : this.#ends.get(command.hold)
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
      case 'settle-part':
      case 'amend':
      case 'refund':
      case 'release':
        return this.#change(command, at)
      case 'open':
        return this.#open(command, at)
      case 'declare':
        return this.#declare(command, at)
      case 'rate':
        return this.#rate(command, at)
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
    const named = command.legs.flatMap(({ asset, toAsset = asset }) => [asset, toAsset])
    for (const asset of named) if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    for (const account of command.legs.map(ownCounterpart)) {
      if (account !== null) return refuse({ code: 'same_account', account })
    }
    const legs = exchange(command.legs, (from, to) => this.ratesOf(from, to))
    if ('code' in legs) return refuse(legs)
    return this.#enter(command, at, legs.flatMap(movesOf), command.legs.some(isAcross) ? legs : null)
  }

  /** Applies movements of coins as one entry. Several movements of one balance become one posting. */
  #enter(
    command: DepositCommand | ChargeCommand | TransferCommand,
    at: Circumstances,
    moves: readonly { account: string; asset: string; available: bigint }[],
    legs: readonly LegBook[] | null = null,
  ): Verdict {
    const { requestId: id, kind, memo, metadata } = command
    const net = new Map<string, Move & { asset: string }>()
    for (const { account, asset, available } of moves) {
      const key = `${account} ${asset}`
      net.set(key, { account, asset, available: (net.get(key)?.available ?? 0n) + available, held: 0n })
    }
    const moved = this.#move([...net.values()], { entryId: id, kind, at })
    if ('code' in moved) return refuse(moved)
    const row = { id, kind, at: at.now, memo, metadata, floor: null, legs, postings: moved.lines }
    const answer = { ...row, hold: null }
    return this.#applied(moved, { answer, entry: { ...row, step: null } }, () => this.#remember(command, id, answer))
  }

  #freeze(command: FreezeCommand, at: Circumstances): Verdict {
    const { requestId: id, account, payee, asset, amount, metadata } = command
    if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    if (isHouse(account)) return refuse({ code: 'house_account', account })
    if (account === payee) return refuse({ code: 'same_account', account })
    const expiresAt = expiryOf(command, at.now) ?? at.now + at.ttlMsDefault
    if (!isLife(expiresAt, at)) return refuse(outOfRange(at))
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
    return this.#applied(moved, { answer: hold, entry: null }, () => {
      this.#put(this.holds, id, hold)
      this.#put(this.histories, id, [{ kind: 'freeze', entry: id, at: at.now, hold }])
      this.#remember(command, id, hold)
    })
  }

  /** A change of an existing hold: a step, or its end. */
  #change(command: HoldCommand, at: Circumstances): Verdict {
    if (command.kind === 'amend') {
      const expiresAt = expiryOf(command, at.now)
      if (expiresAt !== null && !isLife(expiresAt, at)) return refuse(outOfRange(at))
    }
    const hold = this.holds.get(command.hold)
    if (hold === undefined) return refuse({ code: 'hold_not_found', hold: command.hold })
    const { id, account, asset } = hold
    const { available, floor } = this.book(account, asset, at.stripeOf(account, asset))
    const changed = changeHold(hold, command, {
      now: at.now,
      spendable: available > floor! ? available - floor! : 0n,
      stepCount: this.stepsOf(id).length,
      wasSettledLate: this.#requests.has(`${id}~late`),
    })
    if ('code' in changed) return refuse(changed)
    const { after, entryId, kind, isEnd, isStep } = changed
    const moved = this.#move(changed.moves, { entryId, kind, at })
    if ('code' in moved) return refuse(moved)
    if (!fits(after)) return refuse({ code: 'balance_overflow', account, asset })
    const number = this.stepsOf(id).length + 1
    const { memo, metadata } = 'memo' in command ? command : { memo: null, metadata: null }
    const row = { id: entryId, kind, at: at.now, memo, metadata, floor: null, legs: null, postings: moved.lines }
    const entry = { ...row, step: { hold: id, number, after } }
    return this.#applied(moved, { answer: after, entry: isStep ? entry : null }, () => {
      this.#put(this.holds, id, after)
      this.#put(this.histories, id, [...this.histories.get(id)!, { kind, entry: entryId, at: at.now, hold: after }])
      if (isStep) this.#put(this.#steps, id, [...this.stepsOf(id), entryId])
      if (isEnd) this.#put(this.#ends, id, { contents: contentsOf(command), answer: after })
      else this.#remember(command, entryId, after)
    })
  }

  #open(command: OpenCommand, at: Circumstances): Verdict {
    const { requestId: id, account, asset, floor, metadata } = command
    if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    if (isHouse(account)) return refuse({ code: 'house_account', account })
    const { available } = this.book(account, asset, at.stripeOf(account, asset))
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
    const row = { id, kind: 'open', at: at.now, memo: null, metadata, floor, legs: null, postings: moved.lines }
    return this.#applied({ ...moved, books: [book] }, { answer, entry: { ...row, step: null } }, () => {
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
    return { kind: 'applied', answer, lines: [], entry: null, write: () => this.setAsset(answer) }
  }

  /** Declaring the newest rate again is a repeat. */
  #rate(command: RateCommand, at: Circumstances): Verdict {
    const { from, to, numerator, denominator, rounding, tolerancePpm } = command
    const terms = { from, to, numerator, denominator, rounding, tolerancePpm }
    for (const asset of [from, to]) if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    const newest = this.ratesOf(from, to).at(-1)
    if (newest !== undefined && isAlike({ ...newest, ...terms }, newest)) return { kind: 'repeated', answer: newest }
    const answer: RateBook = { ...terms, version: (newest?.version ?? 0) + 1, declaredAt: at.now }
    return { kind: 'applied', answer, lines: [], entry: null, write: () => this.#addRate(answer) }
  }

  /** The postings for the moves, or the rejection: insufficient funds before overflow. */
  #move(
    moves: readonly (Move & { asset: string })[],
    entry: { entryId: string; kind: string; at: Circumstances },
  ): { lines: readonly Line[]; books: readonly Book[] } | Rejection {
    const { entryId, kind, at } = entry
    const before = moves.map(({ account, asset }) => this.book(account, asset, at.stripeOf(account, asset)))
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
    result: { readonly answer: unknown; readonly entry: EntryBook | null },
    write: () => void,
  ): Verdict {
    return {
      kind: 'applied',
      ...result,
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

function isHouse(account: string): boolean {
  return account.startsWith('@')
}

function isLife(expiresAt: number, { now, ttlMsMax }: Circumstances): boolean {
  return expiresAt > now && expiresAt <= now + ttlMsMax
}

function outOfRange({ ttlMsMax }: Circumstances): Rejection {
  return { code: 'expiry_out_of_range', ttlMsMax }
}

function refuse(rejection: Rejection): Verdict {
  return { kind: 'refused', rejection }
}
