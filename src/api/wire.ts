/**
 * Domain to wire and back: amounts as decimal strings, instants as ISO 8601 with milliseconds. Field by field, because
 * it stands on the way of every request and because nothing may leave the ledger by accident. Commands are in command-wire.ts.
 *
 * What comes in is trusted to have the wire's shape: it is what a Holdfast service answered.
 */
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { CommandKind, Answer, Answers } from '../domain/command.ts'
import type { Hold, OnExpiry } from '../domain/hold.ts'
import type { Instant } from '../domain/ids.ts'
import type { Entry, EntryLeg, HoldEvent, Posting, StatementLine } from '../domain/journal.ts'
import type { Rate } from '../domain/rate.ts'
import type { HoldEventWire, HoldWire } from './hold-schemas.ts'
import type { AccountView, PageView } from './ledger.ts'
import type {
  AccountWire,
  AssetWire,
  BalanceWire,
  EntryLegWire,
  EntryWire,
  PostingWire,
  RateWire,
  StatementLineWire,
} from './schemas.ts'

/**
 * Instants that were written or read lately. The commands of one batch share theirs, and to spell a date costs more than the
 * rest of a hold.
 */
const INSTANTS_MAX = 64
const texts = new Map<Instant, string>()
const instants = new Map<string, Instant>()

export function instantToWire(instant: Instant): string {
  return texts.get(instant) ?? remember(texts, instant, new Date(instant).toISOString())
}

function instantFromWire(text: string): Instant {
  return instants.get(text) ?? remember(instants, text, Date.parse(text))
}

function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): Value {
  if (map.size >= INSTANTS_MAX) map.clear()
  map.set(key, value)
  return value
}

export function balanceToWire(balance: Balance): BalanceWire {
  return {
    account: balance.account,
    asset: balance.asset,
    available: balance.available.toString(),
    held: balance.held.toString(),
    total: balance.total.toString(),
    floor: balance.floor === null ? null : balance.floor.toString(),
    version: balance.version,
  }
}

export function balanceFromWire(wire: BalanceWire): Balance {
  return {
    account: wire.account,
    asset: wire.asset,
    available: BigInt(wire.available),
    held: BigInt(wire.held),
    total: BigInt(wire.total),
    floor: wire.floor === null ? null : BigInt(wire.floor),
    version: wire.version,
  }
}

export function accountToWire(account: AccountView): AccountWire {
  const { account: name, metadata, balances, next } = account
  return { account: name, metadata, balances: balances.map(balanceToWire), next }
}

export function accountFromWire(wire: AccountWire): AccountView {
  const { account, metadata, balances, next } = wire
  // A service from before there were pages sends all of them.
  return { account, metadata, balances: balances.map(balanceFromWire), next: next ?? null }
}

export function assetToWire(asset: Asset): AssetWire {
  return { code: asset.code, decimals: asset.decimals, name: asset.name, createdAt: instantToWire(asset.createdAt) }
}

export function assetFromWire(wire: AssetWire): Asset {
  return { code: wire.code, decimals: wire.decimals, name: wire.name, createdAt: instantFromWire(wire.createdAt) }
}

export function rateToWire(rate: Rate): RateWire {
  return {
    from: rate.from,
    to: rate.to,
    version: rate.version,
    numerator: rate.numerator.toString(),
    denominator: rate.denominator.toString(),
    rounding: rate.rounding,
    tolerancePpm: rate.tolerancePpm,
    declaredAt: instantToWire(rate.declaredAt),
  }
}

export function rateFromWire(wire: RateWire): Rate {
  return {
    from: wire.from,
    to: wire.to,
    version: wire.version,
    numerator: BigInt(wire.numerator),
    denominator: BigInt(wire.denominator),
    rounding: wire.rounding,
    tolerancePpm: wire.tolerancePpm,
    declaredAt: instantFromWire(wire.declaredAt),
  }
}

function entryLegToWire({ from, to, asset, amount, toAsset, toAmount, rate }: EntryLeg): EntryLegWire {
  const leg = { from, to, asset, amount: amount.toString(), toAsset, toAmount: toAmount.toString() }
  if (rate === null) return { ...leg, rate: null }
  const { version, numerator, denominator, rounding, remainder } = rate
  const fraction = { numerator: numerator.toString(), denominator: denominator.toString() }
  return { ...leg, rate: { version, ...fraction, rounding, remainder: remainder.toString() } }
}

function entryLegFromWire({ from, to, asset, amount, toAsset, toAmount, rate }: EntryLegWire): EntryLeg {
  const leg = { from, to, asset, amount: BigInt(amount), toAsset, toAmount: BigInt(toAmount) }
  if (rate === null) return { ...leg, rate: null }
  const { version, numerator, denominator, rounding, remainder } = rate
  const fraction = { numerator: BigInt(numerator), denominator: BigInt(denominator) }
  return { ...leg, rate: { version, ...fraction, rounding, remainder: BigInt(remainder) } }
}

export function holdToWire(hold: Hold): HoldWire {
  return {
    id: hold.id,
    account: hold.account,
    asset: hold.asset,
    payee: hold.payee,
    state: hold.state,
    amount: hold.amount.toString(),
    held: hold.held.toString(),
    settled: hold.settled.toString(),
    released: hold.released.toString(),
    drawn: hold.drawn.toString(),
    shortfall: hold.shortfall.toString(),
    refunded: hold.refunded.toString(),
    settledLate: hold.settledLate.toString(),
    onExpiry: hold.onExpiry === null ? null : onExpiryToWire(hold.onExpiry),
    expiresAt: instantToWire(hold.expiresAt),
    createdAt: instantToWire(hold.createdAt),
    endedAt: hold.endedAt === null ? null : instantToWire(hold.endedAt),
    metadata: hold.metadata,
  }
}

export function holdFromWire(wire: HoldWire): Hold {
  return {
    id: wire.id,
    account: wire.account,
    asset: wire.asset,
    payee: wire.payee,
    state: wire.state,
    amount: BigInt(wire.amount),
    held: BigInt(wire.held),
    settled: BigInt(wire.settled),
    released: BigInt(wire.released),
    drawn: BigInt(wire.drawn),
    shortfall: BigInt(wire.shortfall),
    refunded: BigInt(wire.refunded),
    settledLate: BigInt(wire.settledLate),
    onExpiry: wire.onExpiry === null ? null : { settle: BigInt(wire.onExpiry.settle) },
    expiresAt: instantFromWire(wire.expiresAt),
    createdAt: instantFromWire(wire.createdAt),
    endedAt: wire.endedAt === null ? null : instantFromWire(wire.endedAt),
    metadata: wire.metadata,
  }
}

export function onExpiryToWire({ settle }: OnExpiry): { settle: string } {
  return { settle: settle.toString() }
}

export function holdEventToWire({ number, kind, entry, at, hold }: HoldEvent): HoldEventWire {
  return { number, kind, entry, at: instantToWire(at), hold: holdToWire(hold) }
}

export function holdEventFromWire({ number, kind, entry, at, hold }: HoldEventWire): HoldEvent {
  return { number, kind, entry, at: instantFromWire(at), hold: holdFromWire(hold) }
}

export function postingToWire(posting: Posting): PostingWire {
  return {
    entryId: posting.entryId,
    kind: posting.kind,
    account: posting.account,
    asset: posting.asset,
    stripe: posting.stripe,
    version: posting.version,
    availableDelta: posting.availableDelta.toString(),
    heldDelta: posting.heldDelta.toString(),
    available: posting.available.toString(),
    held: posting.held.toString(),
    at: instantToWire(posting.at),
  }
}

export function postingFromWire(wire: PostingWire): Posting {
  return {
    entryId: wire.entryId,
    kind: wire.kind,
    account: wire.account,
    asset: wire.asset,
    stripe: wire.stripe,
    version: wire.version,
    availableDelta: BigInt(wire.availableDelta),
    heldDelta: BigInt(wire.heldDelta),
    available: BigInt(wire.available),
    held: BigInt(wire.held),
    at: instantFromWire(wire.at),
  }
}

export function lineToWire(line: StatementLine): StatementLineWire {
  const { hold, memo, metadata } = line
  return { ...postingToWire(line), total: line.total.toString(), hold, memo, metadata }
}

export function lineFromWire(wire: StatementLineWire): StatementLine {
  const { hold, memo, metadata } = wire
  return { ...postingFromWire(wire), total: BigInt(wire.total), hold, memo, metadata }
}

export function entryToWire(entry: Entry): EntryWire {
  return {
    id: entry.id,
    kind: entry.kind,
    hold: entry.hold,
    at: instantToWire(entry.at),
    memo: entry.memo,
    metadata: entry.metadata,
    floor: entry.floor === null ? null : entry.floor.toString(),
    legs: entry.legs === null ? null : entry.legs.map(entryLegToWire),
    postings: entry.postings.map(postingToWire),
  }
}

export function entryFromWire(wire: EntryWire): Entry {
  return {
    id: wire.id,
    kind: wire.kind,
    hold: wire.hold,
    at: instantFromWire(wire.at),
    memo: wire.memo,
    metadata: wire.metadata,
    floor: wire.floor === null ? null : BigInt(wire.floor),
    legs: wire.legs === null ? null : wire.legs.map(entryLegFromWire),
    postings: wire.postings.map(postingFromWire),
  }
}

export function pageFromWire<Wire, Row>(
  wire: { readonly items: readonly Wire[]; readonly next: string | null },
  rowFromWire: (row: Wire) => Row,
): PageView<Row> {
  return { items: wire.items.map(rowFromWire), next: wire.next }
}

/** The answer of a command of this kind. */
export type AnswerWire = BalanceWire | EntryWire | HoldWire | AssetWire | RateWire

export function answerToWire(kind: CommandKind, answer: Answer): AnswerWire {
  switch (kind) {
    case 'freeze':
    case 'settle':
    case 'settle-part':
    case 'amend':
    case 'refund':
    case 'release':
      return holdToWire(answer as Hold)
    case 'deposit':
    case 'charge':
    case 'transfer':
      return entryToWire(answer as Entry)
    case 'open':
      return balanceToWire(answer as Balance)
    case 'declare':
      return assetToWire(answer as Asset)
    case 'rate':
      return rateToWire(answer as Rate)
  }
}

export function answerFromWire<Kind extends CommandKind>(kind: Kind, wire: AnswerWire): Answers[Kind]
export function answerFromWire(kind: CommandKind, wire: AnswerWire): Answer {
  switch (kind) {
    case 'freeze':
    case 'settle':
    case 'settle-part':
    case 'amend':
    case 'refund':
    case 'release':
      return holdFromWire(wire as HoldWire)
    case 'deposit':
    case 'charge':
    case 'transfer':
      return entryFromWire(wire as EntryWire)
    case 'open':
      return balanceFromWire(wire as BalanceWire)
    case 'declare':
      return assetFromWire(wire as AssetWire)
    case 'rate':
      return rateFromWire(wire as RateWire)
  }
}
