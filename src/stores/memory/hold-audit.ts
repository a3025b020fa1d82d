/** Law 5 as checks of the maps: the holds as they were frozen, and each change of them with the state before it. */
import type { HoldChange } from '../../domain/changes.ts'
import { isCharge, kindOfEnd, type HoldRecord } from '../../domain/hold-record.ts'
import type { EntryKind, EntryRecord } from '../../domain/journal.ts'
import { entryIn } from '../../domain/snapshot.ts'
import type { Violation } from '../../engine/auditor.ts'
import { entriesOf, linesOf, textsOf } from './audit-rows.ts'
import { changeKey, type Tables } from './tables.ts'

/** A hold at one instant: what its changes change. */
type Hold = Pick<
  HoldRecord,
  | 'state'
  | 'amount'
  | 'held'
  | 'settled'
  | 'released'
  | 'drawn'
  | 'shortfall'
  | 'refunded'
  | 'settledLate'
  | 'payee'
  | 'expiresAt'
  | 'onExpiry'
>

/** The row of a change. */
interface Change {
  readonly holdSeq: number
  readonly number: number
  readonly at: number
  readonly fingerprint: number
  /** The holder's posting. */
  readonly version: number
  /** The payee's posting; null if the change moved no coin of the payee. */
  readonly payee: { readonly balanceId: number; readonly version: number } | null
  readonly after: Hold
  /** The number of the step's request; null for an end that is no step. */
  readonly seq: number | null
  /** The number of the change that ended the hold before this one. */
  readonly endNumber: number | null
  /** Of a step: what the end settled, this change or the one before it; null if the hold is open. */
  readonly endSettled: bigint | null
}

function rowOf({ after, step }: HoldChange, freeze: HoldRecord | null): Change {
  const { seq: holdSeq, changes: number, end } = after
  if (step === null) {
    const { at, fingerprint, version, payee } = end!
    // The row lacks what only steps change.
    const { payee: named, refunded, settledLate, expiresAt, onExpiry } = freeze ?? after
    const plain = { ...after, payee: named, refunded, settledLate, expiresAt, onExpiry }
    return {
      holdSeq,
      number,
      at,
      fingerprint,
      version,
      payee,
      after: plain,
      seq: null,
      endNumber: null,
      endSettled: null,
    }
  }
  const own = step.postings.find(({ balanceId }) => balanceId === after.balanceId)!
  const other = step.postings.find(({ balanceId }) => balanceId !== after.balanceId)
  return {
    holdSeq,
    number,
    at: step.at,
    fingerprint: step.fingerprint,
    version: own.posting.version,
    payee: other === undefined ? null : { balanceId: other.balanceId, version: other.posting.version },
    after,
    seq: step.seq,
    endNumber: end === null || end.number === number ? null : end.number,
    endSettled: end === null ? null : end.settled,
  }
}

/** A change with what it is compared with; null where a row is missing. */
interface Context {
  readonly change: Change
  readonly freeze: HoldRecord | null
  readonly last: Change | null
  /** The entry of a step. */
  readonly entry: EntryRecord | null
}

function contextsOf(tables: Tables): readonly Context[] {
  const { freezes, holdChanges } = tables
  return [...holdChanges.values()].map((record) => {
    const { seq, changes } = record.after
    const freeze = freezes.get(seq) ?? null
    const last = holdChanges.get(changeKey(seq, changes - 1))
    const entry = record.step === null ? null : tables.requestBySeq(record.step.seq)
    return {
      change: rowOf(record, freeze),
      freeze,
      last: last === undefined ? null : rowOf(last, freeze),
      entry: entry === null ? null : entryIn(entry),
    }
  })
}

/** A change whose hold and predecessor are there. */
interface Transition extends Context {
  readonly freeze: HoldRecord
  readonly before: Hold
  readonly after: Hold
}

function transitionsOf(tables: Tables): readonly Transition[] {
  return contextsOf(tables).flatMap((context) => {
    const { freeze, change, last } = context
    if (freeze === null || (change.number !== 1 && last === null)) return []
    return [{ ...context, freeze, before: last?.after ?? freeze, after: change.after }]
  })
}

/** A transition whose entry is there too. @returns also the kind of its entry */
function toldTransitionsOf(tables: Tables): readonly (Transition & { readonly kind: EntryKind })[] {
  return transitionsOf(tables).flatMap((transition) => {
    const { change, entry } = transition
    if (change.seq === null) return [{ ...transition, kind: kindOf(change) }]
    return entry === null ? [] : [{ ...transition, kind: entry.kind }]
  })
}

/** The kind of an end that is no step. */
function kindOf({ after, payee }: Change): 'settle' | 'release' {
  return kindOfEnd({
    state: after.state,
    end: { number: 0, at: 0, fingerprint: 0, settled: 0n, version: 0, payee, by: null },
  })
}

function hasEnded({ state, held }: Hold): boolean {
  return state !== 'open' && held === 0n
}

/** The postings that ends name which are no steps. */
export function endPostingsOf(
  tables: Tables,
): readonly { balanceId: number; version: number; holdSeq: number; kind: EntryKind }[] {
  return contextsOf(tables).flatMap(({ change, freeze }) => {
    if (change.seq !== null || freeze === null) return []
    const { holdSeq, version, payee } = change
    const own = { balanceId: freeze.balanceId, version }
    return [own, ...(payee === null ? [] : [payee])].map((place) => ({ ...place, holdSeq, kind: kindOf(change) }))
  })
}

function shown(tables: Tables, holdSeq: number, number: number, hold: Hold): Violation {
  const { state, amount, held, settled, released, drawn } = hold
  return textsOf({ hold: idOf(tables, holdSeq), number, state, amount, held, settled, released, drawn })
}

function idOf(tables: Tables, seq: number | null): string {
  return (seq === null ? null : tables.requestBySeq(seq))?.id ?? ''
}

/** Every sum that a change shows, and what a freeze took. */
export function leakingHolds(tables: Tables): Violation[] {
  const violations: Violation[] = []
  for (const { change, after } of contextsOf(tables).map((context) => ({ ...context, after: context.change.after }))) {
    const { amount, held, settled, released, drawn, shortfall } = after
    const isPart = (part: bigint, of: bigint): boolean => part >= 0n && part <= of
    // An end that is no step does not tell these.
    const areParts = change.seq === null || (isPart(after.refunded, settled) && isPart(after.settledLate, drawn))
    const areNone = change.seq !== null || (settled >= 0n && drawn >= 0n)
    const isSound =
      amount + drawn === settled + released + held && areParts && areNone && released >= 0n && shortfall >= 0n
    if (!isSound) violations.push(shown(tables, change.holdSeq, change.number, after))
  }
  for (const freeze of tables.freezes.values()) {
    if (freeze.amount < 0n) violations.push(shown(tables, freeze.seq, 0, freeze))
  }
  return violations
}

/**
 * An open hold was open before. One that has just ended names no end, and the change holds nothing; what follows names the end, the charge
 * itself for a charge, and is a
 * refund or, after an expiry, a late settle. An end that is no step is the first change.
 */
export function halfOpenHolds(tables: Tables): Violation[] {
  return toldTransitionsOf(tables)
    .filter(({ change, freeze, last, before, after, kind }) => {
      const isStep = change.seq !== null
      const isOpen = after.state === 'open' && isStep && after.held >= 0n
      if (before.state === 'open') {
        return !(change.endNumber === null && (isOpen || hasEnded(after)) && (isStep || change.number === 1))
      }
      const isAfterEnd = kind === 'refund' || (kind === 'settle' && after.state === 'expired')
      const endNumber = last === null ? freeze.end?.number : (last.endNumber ?? last.number)
      const namesEnd = endNumber !== undefined && change.endNumber === endNumber
      return !(isStep && after.state === before.state && hasEnded(after) && namesEnd && isAfterEnd)
    })
    .map(({ change, after }) => shown(tables, change.holdSeq, change.number, after))
}

/** What one posting of a hold moved, and what the hold says that it moved, with the opposite sign. */
interface Moved {
  readonly balance: number | null
  readonly version: number | null
  readonly seq: number
  holdSeq: number | null
  posted: number
  said: number
  isStrayed: boolean
  available: bigint
  held: bigint
}

const KINDS_OF_STEPS: ReadonlySet<EntryKind> = new Set(['settle', 'release', 'amend', 'refund'])

export function holdsThatMovedOtherwise(tables: Tables): Violation[] {
  const found = new Map<string, Moved>()
  const at = (balance: number | null, version: number | null, seq: number): Moved => {
    const key = [balance, version, seq].join(' ')
    const none = { holdSeq: null, posted: 0, said: 0, isStrayed: false, available: 0n, held: 0n }
    const known = found.get(key) ?? { balance, version, seq, ...none }
    found.set(key, known)
    return known
  }
  for (const { balanceId, version, seq, kind, availableDelta, heldDelta } of linesOf(tables)) {
    const isOfHold = kind === 'freeze' || KINDS_OF_STEPS.has(kind) || (kind === 'charge' && availableDelta < 0n)
    if (!isOfHold) continue
    const moved = at(balanceId, version, seq)
    moved.posted++
    moved.available += availableDelta
    moved.held += heldDelta
  }
  for (const said of saidByHolds(tables)) {
    const moved = at(said.balance, said.version, said.seq)
    moved.said++
    moved.holdSeq = Math.max(moved.holdSeq ?? said.holdSeq, said.holdSeq)
    moved.isStrayed ||= said.isStrayed
    moved.available -= said.available
    moved.held -= said.held
  }
  return [...found.values()]
    .filter(({ posted, said, isStrayed, available, held }) => {
      return !(posted === 1 && said === 1 && !isStrayed && available === 0n && held === 0n)
    })
    .map(({ balance, version, seq, holdSeq, available, held }) => {
      const request = tables.requestBySeq(seq)
      const ofEntry = request === null ? null : (entryIn(request)?.step?.holdSeq ?? null)
      const hold = idOf(tables, holdSeq ?? ofEntry ?? seq)
      return textsOf({ hold, seq, balance, version, availableDifference: available, heldDifference: held })
    })
}

interface Said extends Pick<Moved, 'balance' | 'version' | 'seq' | 'isStrayed' | 'available' | 'held'> {
  readonly holdSeq: number
}

function saidByHolds(tables: Tables): readonly Said[] {
  const said: Said[] = [...tables.freezes.values()].map((freeze) => {
    const { balanceId, openedVersion, seq, amount } = freeze
    // A charge holds nothing. Of its two postings, which are its entry's, it says the payer's.
    const moved = { available: -amount, held: isCharge(freeze) ? 0n : amount, isStrayed: false }
    return { balance: balanceId, version: openedVersion, seq, holdSeq: seq, ...moved }
  })
  for (const { change, freeze, before, after } of transitionsOf(tables)) {
    const { holdSeq, payee, version } = change
    const ids = { seq: change.seq ?? holdSeq, holdSeq }
    const grown = (field: 'settled' | 'released' | 'refunded' | 'amount' | 'drawn' | 'held'): bigint =>
      after[field] - before[field]
    const available = grown('released') + grown('refunded') - grown('amount') - grown('drawn')
    said.push({ balance: freeze.balanceId, version, ...ids, isStrayed: false, available, held: grown('held') })
    const paid = grown('settled') - grown('refunded')
    if (payee === null && paid === 0n) continue
    const account = payee === null ? null : tables.balanceById(payee.balanceId)?.account
    const isPayee = account === after.payee && payee?.balanceId !== freeze.balanceId && paid !== 0n
    const place = { balance: payee?.balanceId ?? null, version: payee?.version ?? null }
    said.push({ ...place, ...ids, isStrayed: !isPayee, available: paid, held: 0n })
  }
  return said
}

/**
 * Changes without a hold or without the one before them, or that come before it on the holder's balance; and steps and entries that do not
 * name each other, or differ in what both tell.
 */
export function miscountedChanges(tables: Tables): Violation[] {
  const violations: Violation[] = []
  const add = (holdSeq: number | null, number: number | null, seq: number | null): void => {
    violations.push(textsOf({ hold: idOf(tables, holdSeq), holdSeq, number, entry: idOf(tables, seq), seq }))
  }
  for (const { change, freeze, last, entry } of contextsOf(tables)) {
    const { holdSeq, number, version, seq } = change
    const isThere = freeze !== null && (number === 1 || (number > 1 && last !== null))
    const follows = isThere && version > (last?.version ?? freeze.openedVersion)
    if (!follows || (seq !== null && !agrees(change, entry))) add(holdSeq, number, seq)
  }
  for (const { seq, kind, step } of entriesOf(tables)) {
    if (step === null && !KINDS_OF_STEPS.has(kind)) continue
    const change = step === null ? undefined : tables.holdChanges.get(changeKey(step.holdSeq, step.number))
    if (change?.step?.seq !== seq) add(step?.holdSeq ?? null, step?.number ?? null, seq)
  }
  return violations
}

function agrees(change: Change, entry: EntryRecord | null): boolean {
  if (entry?.step === undefined || entry.step === null) return false
  const { holdSeq, number, after: written } = entry.step
  const { state, expiresAt } = change.after
  // The entry of a step that left its hold open has the expiry.
  const stored = written.state === 'open' ? written.expiresAt : -1
  return (
    holdSeq === change.holdSeq &&
    number === change.number &&
    entry.at === change.at &&
    entry.fingerprint === change.fingerprint &&
    stored === (state === 'open' ? expiresAt : -1)
  )
}

/** Each kind of change leaves alone what is not its own. A late settle draws all that it settles. What follows an end says what the end settled. */
export function alteredHolds(tables: Tables): Violation[] {
  return toldTransitionsOf(tables)
    .filter((transition) => !isAsItsKind(transition))
    .map(({ change, after }) => shown(tables, change.holdSeq, change.number, after))
}

const SUMS = ['settled', 'released', 'drawn', 'shortfall', 'refunded', 'settledLate'] as const

function isAsItsKind({ change, last, before, after, kind }: Transition & { readonly kind: EntryKind }): boolean {
  const isSame = (...fields: readonly (keyof Hold)[]): boolean =>
    fields.every((field) =>
      field === 'onExpiry' ? before.onExpiry?.settle === after.onExpiry?.settle : before[field] === after[field],
    )
  const wasOpen = before.state === 'open'
  const isLate =
    before.settledLate === 0n &&
    after.settled - before.settled === after.drawn - before.drawn &&
    after.settledLate === after.drawn - before.drawn
  const endSettled = (): bigint | null => {
    if (change.seq === null || after.state === 'open') return null
    if (wasOpen) return after.settled - before.settled
    return last === null || last.seq === null ? before.settled : last.endSettled
  }
  return (
    KINDS_OF_STEPS.has(kind) &&
    change.endSettled === endSettled() &&
    (kind === 'amend' || isSame('amount', 'expiresAt', 'onExpiry')) &&
    (kind === 'settle' || isSame('settled', 'drawn', 'shortfall')) &&
    (kind === 'refund' || isSame('refunded')) &&
    (wasOpen && after.state !== 'open' ? kind === kindOf(change) : kind !== 'release' && isSame('released')) &&
    (isSame('payee') || (kind === 'settle' && before.settled === 0n)) &&
    (kind === 'settle' && !wasOpen ? isLate : isSame('settledLate')) &&
    SUMS.every((sum) => after[sum] >= before[sum])
  )
}
