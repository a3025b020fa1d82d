/**
 * A second ledger, written from the glossary and the laws alone: it decides one command at a time, and states the expected answer and rows.
 * It shares only types with the product.
 *
 * A new command kind needs a method and a case in `#attempt`.
 */
import type {
  BlockCommand,
  ChargeCommand,
  Command,
  DeclareCommand,
  DepositCommand,
  FreezeCommand,
  Group,
  HouseCommand,
  MergeCommand,
  OpenCommand,
  RateCommand,
  TransferCommand,
  Precondition,
  UnblockCommand,
} from '../../src/domain/command.ts'
import type { Rejection } from '../../src/domain/outcome.ts'
import {
  stamp,
  type AssetBook,
  type Book,
  type Circumstances,
  type EntryBook,
  type HoldBook,
  type HoldEventBook,
  type Line,
  type Verdict,
} from './books.ts'
import { confine } from './confined.ts'
import { exchange, isAcross, movesOf, ownCounterpart, type LegBook, type RateBook } from './exchange.ts'
import { changeHold, expiryOf, fits, isChanged, newHold, type HoldCommand } from './holds.ts'
import { forward, move, type Entering, type Move, type Moved } from './moves.ts'
import { reused } from './reuse.ts'
import { contentsOf, isAlike } from './spelling.ts'

interface Known {
  readonly command: Command
  readonly contents: string
  readonly answer: unknown
  readonly at: number
}

export class ReferenceLedger {
  /** By account, asset and stripe. */
  readonly books = new Map<string, Book>()
  readonly holds = new Map<string, HoldBook>()
  readonly assets = new Map<string, AssetBook>([
    ['credit', { code: 'credit', decimals: 0, name: 'Credit', createdAt: 0 }],
  ])
  /** Declared house accounts, with the time of the declaration. */
  readonly houses = new Map<string, number>([
    ['@issuer', 0],
    ['@revenue', 0],
    ['@exchange', 0],
  ])
  /** By pair; versions in ascending order. */
  readonly rates = new Map<string, readonly RateBook[]>()
  readonly metadata = new Map<string, unknown>()
  /** Of accounts that were ever blocked or closed. */
  readonly standings = new Map<string, Pick<Book, 'standing' | 'successor'>>()
  /** The contents and the answer of each request id. */
  readonly #requests = new Map<string, Known>()
  /** The command that ended each hold. */
  readonly #ends = new Map<string, Known>()
  /** The events of each hold, beginning with its freeze. */
  readonly histories = new Map<string, readonly Omit<HoldEventBook, 'number'>[]>()
  #undo: (() => void)[] | null = null

  /** The verdict on a command. Nothing changes until its `write` is called. */
  decide(command: Command, at: Circumstances): Verdict {
    const { givenBy } = command
    if (givenBy === undefined) return this.#decide(command, at)
    const { key, address } = givenBy.actor
    const own = { ...at, by: { key, address, trace: givenBy.trace } }
    const { within } = givenBy
    if (within === null) return this.#decide(command, own)
    const first = 'requestId' in command ? this.#requests.get(command.requestId) : undefined
    return confine(command, own, {
      within,
      hold: this.#holdOf(command),
      earlier: first === undefined ? null : { ...first, hold: this.#holdOf(first.command) },
      floorOf: (account, asset) => this.book(account, asset, at.stripeOf(account, asset)).floor,
      decide: (as) => this.#decide(command, as),
    })
  }

  #holdOf(command: Command): HoldBook | null {
    return 'hold' in command ? (this.holds.get(command.hold) ?? null) : null
  }

  #decide(command: Command, at: Circumstances): Verdict {
    const verdict = this.#answer(command, at)
    if (verdict.kind !== 'repeated' || command.ifReplayed !== 'refuse') return verdict
    const id = command.kind === 'freeze' ? command.requestId : 'hold' in command ? command.hold : null
    const hold = id === null ? null : this.holds.get(id)!
    const { state = null, held = null, settled = null } = hold ?? {}
    return refuse({ code: 'request_replayed', at: verdict.at, hold: id, state, held, settled, applied: 'no' })
  }

  /** The verdict on a command whose caller takes the answer of a repeat. */
  #answer(command: Command, at: Circumstances): Verdict {
    const earlier = at.knowsNoHold === true ? undefined : this.#earlier(command)
    if (earlier !== undefined) {
      if (earlier.contents === contentsOf(command)) return { kind: 'repeated', answer: earlier.answer, at: earlier.at }
      if ('requestId' in command) return refuse(reused(command, earlier.command))
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
    const stands = this.standings.get(account) ?? { standing: 'active', successor: null }
    const empty = { account, asset, stripe: own, available: 0n, held: 0n, floor, ...stands, version: 0 }
    return this.books.get(`${account} ${asset} ${own}`) ?? empty
  }

  /** What happened to a hold after its freeze: the number of its changes so far. */
  changeCountOf(hold: string): number {
    return (this.histories.get(hold)?.length ?? 1) - 1
  }

  /** The answers to a hold's freeze and to its end; null for what has not happened. */
  firstAnswersOf(hold: string): { readonly freeze: unknown; readonly end: unknown } {
    return { freeze: this.#requests.get(hold)?.answer ?? null, end: this.#ends.get(hold)?.answer ?? null }
  }

  /** What the event that ended the hold settled; 0 while it is open. */
  #settledByEndOf(hold: string): bigint {
    const events = this.histories.get(hold) ?? []
    const end = events.findIndex((event) => event.hold.state !== 'open')
    return end === -1 ? 0n : events[end]!.hold.settled - (events[end - 1]?.hold.settled ?? 0n)
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
      case 'house':
        return this.#house(command, at)
      case 'rate':
        return this.#rate(command, at)
      case 'block':
      case 'unblock':
        return this.#block(command, at)
      case 'merge':
        return this.#merge(command, at)
    }
  }

  #deposit(command: DepositCommand, at: Circumstances): Verdict {
    const { account, asset, amount } = command
    if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    if (isHouse(account)) return refuse({ code: 'house_account', account })
    const changed = this.#changed(command, at)
    if (changed !== null) return refuse(changed)
    return this.#enter(command, at, [
      { account: '@issuer', asset, available: -amount },
      { account, asset, available: amount },
    ])
  }

  #charge(command: ChargeCommand, at: Circumstances): Verdict {
    const { account, payee, asset, amount } = command
    if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    if (isHouse(account)) return refuse({ code: 'house_account', account })
    if (this.#isMissing(payee)) return refuse({ code: 'unknown_account', account: payee })
    if (account === payee) return refuse({ code: 'same_account', account })
    const changed = this.#changed(command, at)
    if (changed !== null) return refuse(changed)
    const moves = [
      { account, asset, available: -amount },
      { account: payee, asset, available: amount },
    ]
    const verdict = this.#enter(command, at, moves)
    if (verdict.kind !== 'applied') return verdict
    // A charge can be refunded, as a hold that was settled at once.
    const { requestId: id } = command
    const paid = { state: 'settled', held: 0n, settled: amount, expiresAt: at.now, endedAt: at.now } as const
    const hold = newHold(command, at, { ...paid, onExpiry: null })
    return {
      ...verdict,
      write: () => {
        verdict.write()
        this.#put(this.holds, id, hold)
        this.#put(this.histories, id, [{ kind: 'charge', entry: id, ...stamp(at), hold }])
      },
    }
  }

  #transfer(command: TransferCommand, at: Circumstances): Verdict {
    const named = command.legs.flatMap(({ asset, toAsset = asset }) => [asset, toAsset])
    for (const asset of named) if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    for (const account of command.legs.flatMap(({ from, to }) => [from, to])) {
      if (this.#isMissing(account)) return refuse({ code: 'unknown_account', account })
    }
    for (const account of command.legs.map(ownCounterpart)) {
      if (account !== null) return refuse({ code: 'same_account', account })
    }
    const legs = exchange(command.legs, (from, to) => this.ratesOf(from, to))
    if ('code' in legs) return refuse(legs)
    for (const { from, asset, ifVersion } of command.legs) {
      if (ifVersion === undefined) continue
      const changed = this.#changed({ account: from, asset, ifVersion }, at)
      if (changed !== null) return refuse(changed)
    }
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
    const overdraft = command.kind === 'charge' && command.overdraft
    const net = new Map<string, Move & { asset: string }>()
    for (const { account, asset, available } of moves) {
      const key = `${account} ${asset}`
      net.set(key, { account, asset, available: (net.get(key)?.available ?? 0n) + available, held: 0n })
    }
    const payer = overdraft ? this.standings.get(command.account)?.standing : undefined
    const all = [...net.values()].map((move, index) => ({ ...move, isForced: index === 0 && payer === 'blocked' }))
    const moved = this.#move(all, { entryId: id, kind, at, overdraft })
    if ('code' in moved) return refuse(moved)
    const row = { id, kind, ...stamp(at), memo, metadata, floor: null, overdraft, legs, postings: moved.lines }
    const answer = { ...row, hold: null }
    return this.#applied(moved, { answer, entry: { ...row, step: null } }, () =>
      this.#remember(command, id, answer, at),
    )
  }

  #freeze(command: FreezeCommand, at: Circumstances): Verdict {
    const { requestId: id, account, payee, asset, amount } = command
    if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    if (isHouse(account)) return refuse({ code: 'house_account', account })
    if (this.#isMissing(payee)) return refuse({ code: 'unknown_account', account: payee })
    if (account === payee) return refuse({ code: 'same_account', account })
    const expiresAt = expiryOf(command, at.now) ?? at.now + at.ttlMsDefault
    if (!isLife(expiresAt, at)) return refuse(outOfRange(at))
    const changed = this.#changed(command, at)
    if (changed !== null) return refuse(changed)
    const moved = this.#move([{ account, asset, available: -amount, held: amount }], {
      entryId: id,
      kind: 'freeze',
      at,
    })
    if ('code' in moved) return refuse(moved)
    const { onExpiry } = command
    const open = { state: 'open', held: amount, settled: 0n, onExpiry, expiresAt, endedAt: null } as const
    const hold = newHold(command, at, open)
    return this.#applied(moved, { answer: hold, entry: null }, () => {
      this.#put(this.holds, id, hold)
      this.#put(this.histories, id, [{ kind: 'freeze', entry: id, ...stamp(at), hold }])
      this.#remember(command, id, hold, at)
    })
  }

  /** A change of an existing hold: a step, or its end. */
  #change(command: HoldCommand, at: Circumstances): Verdict {
    if (command.kind === 'amend') {
      const expiresAt = expiryOf(command, at.now)
      if (expiresAt !== null && !isLife(expiresAt, at)) return refuse(outOfRange(at))
    }
    const named = 'payee' in command ? command.payee : null
    if (named !== null && this.#isMissing(named)) return refuse({ code: 'unknown_account', account: named })
    const hold = at.knowsNoHold === true ? null : this.#holdOf(command)
    if (hold === null) return refuse({ code: 'hold_not_found', hold: command.hold })
    const { id, account, asset } = hold
    const { available, floor, standing } = this.book(account, asset, at.stripeOf(account, asset))
    const changed = changeHold(hold, command, {
      now: at.now,
      spendable: standing === 'active' && available > floor! ? available - floor! : 0n,
      changeCount: this.changeCountOf(id),
      wasSettledLate: this.#requests.has(`${id}~late`),
      settledByEnd: this.#settledByEndOf(id),
    })
    if ('code' in changed) return refuse(changed)
    const { after, entryId, kind, isEnd, isStep } = changed
    // Only raising a hold takes coins from an account; everything else returns them or pays what was held.
    const isForced = kind !== 'amend' || after.held <= hold.held
    const moved = this.#move(
      changed.moves.map((move) => ({ ...move, isForced })),
      { entryId, kind, at },
    )
    if ('code' in moved) return refuse(moved)
    if (!fits(after)) return refuse({ code: 'balance_overflow', account, asset })
    const number = this.changeCountOf(id) + 1
    const { memo, metadata } = 'memo' in command ? command : { memo: null, metadata: null }
    const row = {
      id: entryId,
      kind,
      ...stamp(at),
      memo,
      metadata,
      floor: null,
      overdraft: false,
      legs: null,
      postings: moved.lines,
    }
    const forwarded = this.#forward(moved, entryId, at)
    if ('code' in forwarded) return refuse(forwarded)
    const entry = { ...row, step: { hold: id, number, after } }
    const { forward } = forwarded
    return this.#applied(forwarded, { answer: after, entry: isStep ? entry : null, forward }, () => {
      this.#put(this.holds, id, after)
      this.#put(this.histories, id, [...this.histories.get(id)!, { kind, entry: entryId, ...stamp(at), hold: after }])
      if (isEnd) this.#put(this.#ends, id, { command, contents: contentsOf(command), answer: after, at: at.now })
      else this.#remember(command, entryId, after, at)
    })
  }

  /** What an open does not name stays as it is. Without an asset it touches no balance, and has no postings. */
  #open(command: OpenCommand, at: Circumstances): Verdict {
    const { requestId: id, account, asset, metadata } = command
    if (asset !== null && !this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    if (isHouse(account)) return refuse({ code: 'house_account', account })
    const row = { id, kind: 'open', ...stamp(at), memo: null, metadata, overdraft: false, legs: null }
    const remember = (answer: unknown): void => {
      if (metadata !== null) this.#put(this.metadata, account, metadata)
      this.#remember(command, id, answer, at)
    }
    if (asset === null) {
      const answer = { account, metadata, balance: null }
      const entry = { ...row, floor: null, postings: [], step: null }
      return this.#applied({ lines: [], books: [] }, { answer, entry }, () => remember(answer))
    }
    const changed = this.#changed({ ...command, asset }, at)
    if (changed !== null) return refuse(changed)
    const closed = this.#closed(account)
    if (closed !== null) return refuse(closed)
    const { available, floor: before } = this.book(account, asset, at.stripeOf(account, asset))
    const floor = command.floor ?? before!
    // A floor that is kept may be above what is available: that is a debt.
    if (command.floor !== null && floor > available)
      return refuse({ code: 'floor_above_available', account, asset, available })
    const moved = this.#move([{ account, asset, available: 0n, held: 0n }], { entryId: id, kind: 'open', at })
    if ('code' in moved) return refuse(moved)
    const { held, version } = moved.books[0]!
    const book = { ...moved.books[0]!, floor }
    const balance = { account, asset, available, held, total: available + held, floor, version }
    const answer = { account, metadata, balance }
    const entry = { ...row, floor, postings: moved.lines, step: null }
    return this.#applied({ ...moved, books: [book] }, { answer, entry }, () => remember(answer))
  }

  /** The rejection of a command whose caller has seen another balance than the one that is there. */
  #changed(
    command: { readonly account: string; readonly asset: string; readonly ifVersion?: Precondition },
    at: Circumstances,
  ): Rejection | null {
    const { account, asset, ifVersion } = command
    const { version, available, held, floor } = this.book(account, asset, at.stripeOf(account, asset))
    if (!isChanged(ifVersion, version, version > 0)) return null
    return { code: 'changed_meanwhile', account, asset, version, available, held, floor: floor! }
  }

  #declare({ asset: code, decimals, name }: DeclareCommand, at: Circumstances): Verdict {
    const known = this.assets.get(code)
    if (known !== undefined && known.decimals !== decimals) {
      return refuse({ code: 'asset_conflict', asset: code, decimals: known.decimals })
    }
    if (known?.name === name) return { kind: 'repeated', answer: known, at: known.createdAt }
    const answer: AssetBook = { code, decimals, name, createdAt: known?.createdAt ?? at.now }
    return { kind: 'applied', answer, lines: [], entry: null, write: () => this.setAsset(answer) }
  }

  #house({ account }: HouseCommand, at: Circumstances): Verdict {
    if (!isHouse(account)) return refuse({ code: 'not_a_house_account', account })
    const known = this.houses.get(account)
    if (known !== undefined) return { kind: 'repeated', answer: { account, declaredAt: known }, at: known }
    const answer = { account, declaredAt: at.now }
    return { kind: 'applied', answer, lines: [], entry: null, write: () => this.#put(this.houses, account, at.now) }
  }

  #isMissing(account: string): boolean {
    return isHouse(account) && !this.houses.has(account)
  }

  /** Declaring the newest rate again is a repeat. */
  #rate(command: RateCommand, at: Circumstances): Verdict {
    const { from, to, numerator, denominator, rounding, tolerancePpm } = command
    const terms = { from, to, numerator, denominator, rounding, tolerancePpm }
    for (const asset of [from, to]) if (!this.assets.has(asset)) return refuse({ code: 'unknown_asset', asset })
    const newest = this.ratesOf(from, to).at(-1)
    if (newest !== undefined && isAlike({ ...newest, ...terms }, newest))
      return { kind: 'repeated', answer: newest, at: newest.declaredAt }
    const answer: RateBook = { ...terms, version: (newest?.version ?? 0) + 1, declaredAt: at.now }
    return { kind: 'applied', answer, lines: [], entry: null, write: () => this.#addRate(answer) }
  }

  #closed(account: string): Rejection | null {
    const { standing, successor } = this.standings.get(account) ?? { standing: 'active', successor: null }
    return standing === 'closed' ? { code: 'account_closed', account, successor: successor! } : null
  }

  /** A line without coins for each balance of the account. */
  #block(command: BlockCommand | UnblockCommand, at: Circumstances): Verdict {
    const { account, kind } = command
    if (isHouse(account)) return refuse({ code: 'house_account', account })
    const closed = this.#closed(account)
    if (closed !== null) return refuse(closed)
    const moves = this.#booksOf(account).map(({ asset }) => ({ account, asset, available: 0n, held: 0n }))
    const stands = { standing: kind === 'block' ? 'blocked' : 'active', successor: null } as const
    return this.#enterStanding(command, at, moves, stands)
  }

  /** The other account receives what is available, or pays what is owed. */
  #merge(command: MergeCommand, at: Circumstances): Verdict {
    const { account, into } = command
    if (isHouse(account)) return refuse({ code: 'house_account', account })
    if (this.#isMissing(into)) return refuse({ code: 'unknown_account', account: into })
    if (into === account) return refuse({ code: 'same_account', account })
    const closed = this.#closed(account) ?? this.#closed(into)
    if (closed !== null) return refuse(closed)
    const moves = this.#booksOf(account).flatMap(({ asset, available }) => {
      const left = { account, asset, available: -available, held: 0n, isForced: true, floor: 0n }
      return available === 0n ? [left] : [left, { account: into, asset, available, held: 0n }]
    })
    return this.#enterStanding(command, at, moves, { standing: 'closed', successor: into })
  }

  #booksOf(account: string): readonly Book[] {
    return [...this.books.values()].filter((book) => book.account === account)
  }

  #enterStanding(
    command: BlockCommand | UnblockCommand | MergeCommand,
    at: Circumstances,
    moves: readonly Move[],
    stands: Pick<Book, 'standing' | 'successor'>,
  ): Verdict {
    const { requestId: id, account, kind, memo, metadata } = command
    const moved = this.#move(moves, { entryId: id, kind, at })
    if ('code' in moved) return refuse(moved)
    const books = moved.books.map((book) => (book.account === account ? { ...book, ...stands } : book))
    const rest = { floor: null, overdraft: false, legs: null, postings: moved.lines }
    const row = { id, kind, ...stamp(at), memo, metadata, ...rest }
    const answer = { ...row, hold: null }
    return this.#applied({ ...moved, books }, { answer, entry: { ...row, step: null } }, () => {
      this.#put(this.standings, account, stands)
      // A successor is known, also one that has received nothing yet.
      const { successor } = stands
      if (successor !== null && !isHouse(successor) && !this.standings.has(successor)) {
        this.#put(this.standings, successor, { standing: 'active', successor: null })
      }
      this.#remember(command, id, answer, at)
    })
  }

  #move(moves: readonly Move[], entry: Entering): Moved | Rejection {
    const { stripeOf } = entry.at
    return move((account, asset) => this.book(account, asset, stripeOf(account, asset)), moves, entry)
  }

  #forward(moved: Moved, entryId: string, at: Circumstances): (Moved & { forward: EntryBook | null }) | Rejection {
    return forward(
      moved,
      { entryId, kind: 'merge', at },
      {
        bookOf: (account, asset) => this.book(account, asset, at.stripeOf(account, asset)),
        successorOf: (account) => this.standings.get(account)?.successor ?? null,
      },
    )
  }

  #applied(
    { lines, books }: { lines: readonly Line[]; books: readonly Book[] },
    result: { readonly answer: unknown; readonly entry: EntryBook | null; readonly forward?: EntryBook | null },
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

  #remember(command: Command, id: string, answer: unknown, { now }: Circumstances): void {
    this.#put(this.#requests, id, { command, contents: contentsOf(command), answer, at: now })
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
