/**
 * A second ledger, written from the words alone to be compared with the first. It knows no rows, versions or batches, and
 * shares no code with the rules: it finds every reason that there is against a command, and tells the first one.
 */
import type {
  AmendCommand,
  Command,
  FreezeCommand,
  Leg,
  RateCommand,
  SettleCommand,
  SettlePartCommand,
  Work,
} from '../../src/domain/command.ts'

/** Nothing else is known to both: the order in which reasons are told, and the bounds of amounts and balances. */
const ORDER = [
  'request_id_reused',
  'unknown_asset',
  'asset_conflict',
  'house_account',
  'same_account',
  'unknown_rate',
  'rounds_to_nothing',
  'outside_tolerance',
  'exchange_out_of_range',
  'expiry_out_of_range',
  'hold_not_found',
  'hold_not_open',
  'hold_not_due',
  'payee_fixed',
  'settle_above_hold',
  'amend_below_settled',
  'refund_above_settled',
  'insufficient_funds',
  'floor_above_available',
  'balance_overflow',
]
const MOST = 2n ** 63n - 1n
const LEAST = -(2n ** 63n)
const LEG_MOST = 10n ** 16n

export interface NaiveBalance {
  available: bigint
  held: bigint
  floor: bigint
}

export interface NaiveHold {
  account: string
  asset: string
  payee: string
  open: boolean
  expired: boolean
  expiresAt: number
  onExpiry: bigint
  held: bigint
  settled: bigint
  released: bigint
  shortfall: bigint
  refunded: bigint
  /** What was taken beyond what was frozen. */
  drawn: bigint
  amount: bigint
  /** The command that ended it. */
  endedBy: string
  /** The command that settled it late. */
  lateBy: string
}

interface Books {
  balances: Record<string, NaiveBalance>
  holds: Record<string, NaiveHold>
  /** What was asked for under each request id. */
  requests: Record<string, string>
  assets: Record<string, { decimals: number; name: string }>
  /** The rate that counts, of each pair. */
  rates: Record<string, RateCommand>
}

export interface NaiveClock {
  readonly now: number
  readonly ttlMsMax: number
  readonly ttlMsDefault: number
}

export class NaiveLedger {
  books: Books = {
    balances: {},
    holds: {},
    requests: {},
    assets: { credit: { decimals: 0, name: 'Credit' } },
    rates: {},
  }

  /** One word for each command: `applied`, `replayed`, or why not. */
  run(work: Work, clock: NaiveClock): string[] {
    if (work.kind !== 'group') return [this.#runOne(work, clock)]
    const before = structuredClone(this.books)
    const words: string[] = []
    for (const command of work.commands) words.push(this.#runOne(command, clock))
    const failed = words.findIndex((word) => word !== 'applied' && word !== 'replayed')
    if (failed === -1) return words
    this.books = before
    return words.map((word, index) => (index === failed ? word : 'batch_aborted'))
  }

  balance(account: string, asset: string): NaiveBalance {
    return (this.books.balances[`${account}/${asset}`] ??= { available: 0n, held: 0n, floor: 0n })
  }

  #runOne(command: Command, clock: NaiveClock): string {
    const asked = contents(command)
    if ('requestId' in command) {
      const known = this.books.requests[command.requestId]
      if (known !== undefined) return known === asked ? 'replayed' : 'request_id_reused'
    }
    const known = 'hold' in command ? this.books.holds[command.hold] : undefined
    if (known?.endedBy === asked || known?.lateBy === asked) return 'replayed'
    if (command.kind === 'declare') {
      const known = this.books.assets[command.asset]
      if (known?.decimals === command.decimals && known.name === command.name) return 'replayed'
    }
    if (command.kind === 'rate') {
      const known = this.books.rates[`${command.from}/${command.to}`]
      if (known !== undefined && contents(known) === asked) return 'replayed'
    }
    const before = structuredClone(this.books)
    const reasons = this.#attempt(command, asked, clock)
    const first = ORDER.find((reason) => reasons.has(reason))
    if (first === undefined) {
      if ('requestId' in command) this.books.requests[command.requestId] = asked
      return 'applied'
    }
    this.books = before
    return first
  }

  /** Does it, whatever comes of it, and tells everything that is wrong about that. */
  #attempt(command: Command, asked: string, clock: NaiveClock): Set<string> {
    const reasons = new Set<string>()
    const moves: [account: string, asset: string, available: bigint, held: bigint][] = []
    switch (command.kind) {
      case 'open': {
        const balance = this.balance(command.account, command.asset)
        if (command.floor > balance.available) reasons.add('floor_above_available')
        balance.floor = command.floor
        break
      }
      case 'deposit':
        moves.push(
          ['@issuer', command.asset, -command.amount, 0n],
          [command.account, command.asset, command.amount, 0n],
        )
        break
      case 'charge':
        moves.push(
          [command.account, command.asset, -command.amount, 0n],
          [command.payee, command.asset, command.amount, 0n],
        )
        break
      case 'transfer':
        for (const leg of command.legs) {
          const { from, to, asset, amount, toAsset } = leg
          if (toAsset === undefined) {
            if (from === to) reasons.add('same_account')
            moves.push([from, asset, -amount, 0n], [to, asset, amount, 0n])
          } else {
            if (from === '@exchange' || to === '@exchange') reasons.add('same_account')
            const received = this.#received(leg, toAsset, reasons)
            if (received > LEG_MOST) reasons.add('exchange_out_of_range')
            moves.push([from, asset, -amount, 0n], ['@exchange', asset, amount, 0n])
            moves.push(['@exchange', toAsset, -received, 0n], [to, toAsset, received, 0n])
          }
        }
        break
      case 'rate':
        this.books.rates[`${command.from}/${command.to}`] = command
        break
      case 'freeze':
        if (!isSoon(command, clock)) reasons.add('expiry_out_of_range')
        moves.push([command.account, command.asset, -command.amount, command.amount])
        this.books.holds[command.requestId] = {
          expired: false,
          expiresAt: expiryOf(command, clock) ?? clock.now + clock.ttlMsDefault,
          onExpiry: command.onExpiry?.settle ?? 0n,
          refunded: 0n,
          drawn: 0n,
          amount: command.amount,
          lateBy: '',
          account: command.account,
          asset: command.asset,
          payee: command.payee,
          open: true,
          held: command.amount,
          settled: 0n,
          released: 0n,
          shortfall: 0n,
          endedBy: '',
        }
        break
      case 'settle':
      case 'release': {
        const hold = this.books.holds[command.hold]
        if (hold === undefined) return new Set(['hold_not_found'])
        const isLate = command.kind === 'settle' && command.late && hold.expired
        if (isLate && hold.lateBy !== '') reasons.add('hold_not_open')
        if (!hold.open && !isLate) reasons.add('hold_not_open')
        if (command.kind === 'settle') {
          this.#pay(command, hold, reasons, moves)
          if (isLate) hold.lateBy = asked
        } else if (command.cause === 'expiry') {
          if (clock.now < hold.expiresAt) reasons.add('hold_not_due')
          const due = hold.onExpiry < hold.held ? hold.onExpiry : hold.held
          moves.push([hold.account, hold.asset, 0n, -due], [hold.payee, hold.asset, due, 0n])
          hold.settled += due
          hold.held -= due
          hold.expired = true
        }
        if (isLate) break
        moves.push([hold.account, hold.asset, hold.held, -hold.held])
        hold.open = false
        hold.released = hold.held
        hold.held = 0n
        hold.endedBy = asked
        break
      }
      case 'settle-part': {
        const hold = this.books.holds[command.hold]
        if (hold === undefined) return new Set(['hold_not_found'])
        if (!hold.open) reasons.add('hold_not_open')
        this.#pay(command, hold, reasons, moves)
        break
      }
      case 'amend': {
        if (!isSoon(command, clock)) reasons.add('expiry_out_of_range')
        const hold = this.books.holds[command.hold]
        if (hold === undefined) {
          reasons.add('hold_not_found')
          break
        }
        if (!hold.open) reasons.add('hold_not_open')
        const more = command.amount === null ? 0n : command.amount - hold.amount
        if (hold.held + more < 0n) reasons.add('amend_below_settled')
        moves.push([hold.account, hold.asset, -more, more])
        hold.held += more
        hold.amount += more
        hold.expiresAt = expiryOf(command, clock) ?? hold.expiresAt
        if (command.onExpiry !== undefined) hold.onExpiry = command.onExpiry?.settle ?? 0n
        this.#bound(hold, reasons)
        break
      }
      case 'refund': {
        const hold = this.books.holds[command.hold]
        if (hold === undefined) return new Set(['hold_not_found'])
        if (hold.refunded + command.amount > hold.settled) reasons.add('refund_above_settled')
        moves.push([hold.payee, hold.asset, -command.amount, 0n], [hold.account, hold.asset, command.amount, 0n])
        hold.refunded += command.amount
        break
      }
      case 'declare': {
        const known = this.books.assets[command.asset]
        if (known !== undefined && known.decimals !== command.decimals) reasons.add('asset_conflict')
        this.books.assets[command.asset] = { decimals: command.decimals, name: command.name }
      }
    }
    for (const asset of assetsOf(command)) if (!(asset in this.books.assets)) reasons.add('unknown_asset')
    if ('account' in command && command.account.startsWith('@')) reasons.add('house_account')
    if ('payee' in command && 'account' in command && command.payee === command.account) reasons.add('same_account')
    return this.#move(moves, reasons)
  }

  /** What a leg brings to its end, as far as there is a rate to tell. */
  #received({ asset, amount, toAmount }: Leg, toAsset: string, reasons: Set<string>): bigint {
    const rate = this.books.rates[`${asset}/${toAsset}`]
    if (rate === undefined) {
      reasons.add('unknown_rate')
      return toAmount ?? 0n
    }
    const given = rounded(amount * rate.numerator, rate)
    if (given === 0n) reasons.add('rounds_to_nothing')
    if (toAmount === undefined) return given
    // Within the tolerance: between so many millionths less and so many more.
    const least = given * BigInt(1_000_000 - rate.tolerancePpm)
    const most = given * BigInt(1_000_000 + rate.tolerancePpm)
    if (toAmount * 1_000_000n < least || toAmount * 1_000_000n > most) reasons.add('outside_tolerance')
    return toAmount
  }

  /** Holds are paid first; what is missing comes from what may be spent, when the caller says so, or when it is late. */
  #pay(
    { amount, overage, payee }: SettleCommand | SettlePartCommand,
    hold: NaiveHold,
    reasons: Set<string>,
    moves: [string, string, bigint, bigint][],
  ): void {
    const { available, floor } = this.balance(hold.account, hold.asset)
    const spendable = available > floor ? available - floor : 0n
    const limit = hold.expired ? hold.released : hold.held
    if (payee === hold.account) reasons.add('same_account')
    if (payee !== null && payee !== hold.payee && hold.settled > 0n) reasons.add('payee_fixed')
    if (amount > limit && overage === 'reject') reasons.add('settle_above_hold')
    const wanted = amount > limit && overage !== 'draw' ? limit : amount
    const fromHeld = wanted < hold.held ? wanted : hold.held
    const drawn = wanted - fromHeld < spendable ? wanted - fromHeld : spendable
    hold.payee = payee ?? hold.payee
    hold.held -= fromHeld
    hold.settled += fromHeld + drawn
    hold.drawn += drawn
    hold.shortfall += amount - fromHeld - drawn
    moves.push([hold.account, hold.asset, -drawn, -fromHeld], [hold.payee, hold.asset, fromHeld + drawn, 0n])
    this.#bound(hold, reasons)
  }

  /** What a row can count. */
  #bound(hold: NaiveHold, reasons: Set<string>): void {
    if (hold.amount + hold.drawn > MOST || hold.shortfall > MOST) reasons.add('balance_overflow')
  }

  #move(moves: readonly [string, string, bigint, bigint][], reasons: Set<string>): Set<string> {
    const before = structuredClone(this.books.balances)
    for (const [account, asset, available, held] of moves) {
      const balance = this.balance(account, asset)
      balance.available += available
      balance.held += held
    }
    for (const [account, asset] of moves) {
      const { available, held, floor } = this.balance(account, asset)
      const fell = available < (before[`${account}/${asset}`]?.available ?? 0n)
      if (fell && available < floor && !account.startsWith('@')) reasons.add('insufficient_funds')
      for (const amount of [available, held, available + held]) {
        if (amount > MOST || amount < LEAST) reasons.add('balance_overflow')
      }
    }
    return reasons
  }
}

/** The fraction as a whole number, by way of twice its value for the middle. */
function rounded(above: bigint, { denominator: below, rounding }: RateCommand): bigint {
  if (rounding === 'down') return above / below
  if (rounding === 'up') return (above + below - 1n) / below
  const nearest = (2n * above + below) / (2n * below)
  const isMiddle = (2n * above + below) % (2n * below) === 0n
  return isMiddle && nearest % 2n === 1n ? nearest - 1n : nearest
}

function isSoon(command: FreezeCommand | AmendCommand, clock: NaiveClock): boolean {
  const expiresAt = expiryOf(command, clock)
  return expiresAt === null || (expiresAt > clock.now && expiresAt <= clock.now + clock.ttlMsMax)
}

function expiryOf({ expiresInMs, expiresAt }: FreezeCommand | AmendCommand, clock: NaiveClock): number | null {
  return expiresInMs === null ? expiresAt : clock.now + expiresInMs
}

function assetsOf(command: Command): string[] {
  switch (command.kind) {
    case 'transfer':
      return command.legs.flatMap(({ asset, toAsset = asset }) => [asset, toAsset])
    case 'rate':
      return [command.from, command.to]
    case 'settle':
    case 'settle-part':
    case 'amend':
    case 'refund':
    case 'release':
    case 'declare':
      return []
    case 'open':
    case 'deposit':
    case 'charge':
    case 'freeze':
      return [command.asset]
  }
}

function contents(command: Command): string {
  return JSON.stringify(command, (_, value: unknown) => (typeof value === 'bigint' ? `${value}n` : value))
}
