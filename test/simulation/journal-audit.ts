/**
 * Replays the journal from its beginning and compares it with the reference ledger. Every committed row must have been asked for, and must
 * be exactly the row that the command produces (laws 1 to 5). The tables at the end must be the sum of the journal.
 */
import type { HouseAccount } from '../../src/domain/house-account.ts'
import { showAuthor } from '../../src/domain/by.ts'
import type { Command } from '../../src/domain/command.ts'
import type { HoldRecord } from '../../src/domain/hold-record.ts'
import type { EntryRecord, PostingRecord } from '../../src/domain/journal.ts'
import type { RejectionCode } from '../../src/domain/outcome.ts'
import type { BalanceChange, Changes, HoldChange } from '../../src/domain/changes.ts'
import type { EngineLimits } from '../../src/engine/limits.ts'
import type { Tables } from '../../src/stores/memory/tables.ts'
import type { Findings } from './findings.ts'
import { commandsOf, type Call, type Sender, type Transaction } from './history.ts'
import type { LegBook, RateBook } from '../reference/exchange.ts'
import type { AssetBook, Book, Circumstances, EntryBook, Line, StripeOf, Verdict } from '../reference/books.ts'
import { ReferenceLedger } from '../reference/ledger.ts'
import { isAlike, spell } from '../reference/spelling.ts'
import { isBroken } from './workload.ts'
import { EPOCH } from './world.ts'

/** The effect of one command in the journal. */
export interface Effect {
  /** Counts from 0. */
  readonly position: number
  /** The tick of its commit. */
  readonly tick: number
  readonly sender: Sender
  /** The command, or the asset's new row: several declarations in one batch leave one row. */
  readonly cause:
    | { readonly command: Command; readonly now: number; readonly stripeOf: StripeOf }
    | { readonly asset: AssetBook }
  readonly answer: unknown
  /** Null if no row but the hold's own records it, or the command leaves no entry. */
  readonly entry: EntryBook | null
  /** What passed on to the successors of closed accounts. */
  readonly forward?: EntryBook | null
}

export interface Journal {
  readonly effects: readonly Effect[]
  /** By request id; by hold with the suffix `~` for its end, or `~late` for its late settle. */
  readonly byKey: ReadonlyMap<string, Effect>
  /** The reference ledger after the last effect. */
  readonly reference: ReferenceLedger
}

/** The rates that a transfer across assets used: the version of each, by `FROM TO`. */
export function ratesUsedBy(answer: unknown): ReadonlyMap<string, number> {
  const legs = (answer as { legs?: readonly LegBook[] | null }).legs ?? []
  return new Map(
    legs.flatMap(({ asset, toAsset, rate }) => (rate === null ? [] : [[`${asset} ${toAsset}`, rate.version]])),
  )
}

/** The keys under which a command can have its one effect; none for a command that is idempotent without a key. */
export function keysOf(command: Command): readonly string[] {
  if ('requestId' in command) return [command.requestId]
  if (!('hold' in command)) return []
  const { hold } = command
  return command.kind === 'settle' && command.late ? [`${hold}~`, `${hold}~late`] : [`${hold}~`]
}

export function circumstancesOf(stripeOf: StripeOf, now: number, limits: EngineLimits): Circumstances {
  return { stripeOf, now, ttlMsDefault: limits.holdTtlMsDefault, ttlMsMax: limits.holdTtlMsMax }
}

/** The distance between the stripes that one engine writes. */
const ENGINES_MOST = 1_024

/** The stripes of the house accounts that a transaction wrote. */
function stripesOf({ changes }: Transaction): StripeOf {
  const stripes = new Map(changes.balances.map(({ after }) => [`${after.account} ${after.asset}`, after.stripe]))
  return (account, asset) => stripes.get(`${account} ${asset}`) ?? 0
}

/** Null when a row appears that no command explains: later rows cannot be judged. */
export function auditJournal(
  calls: readonly Call[],
  log: readonly Transaction[],
  { tables, limits, findings }: { tables: Tables; limits: EngineLimits; findings: Findings },
): Journal | null {
  const reading = new Reading(calls, limits, findings)
  for (const transaction of log) if (!reading.read(transaction)) return null
  compareTables(tables, reading, findings)
  return reading
}

class Reading implements Journal {
  readonly effects: Effect[] = []
  readonly byKey = new Map<string, Effect>()
  readonly #limits: EngineLimits
  readonly #findings: Findings
  readonly reference = new ReferenceLedger()
  /** Every command that was asked for, by key and text. */
  readonly #asked = new Map<string, Map<string, Command>>()
  readonly #declared: readonly { command: Command; sender: Sender; tick: number }[]
  readonly #balanceNames = new Map<number, { account: string; asset: string; stripe: number }>()
  /** The running number of each request. */
  readonly #seqs = new Map<string, number>()
  readonly #seqsTaken = new Set<number>()
  postingCount = 0

  constructor(calls: readonly Call[], limits: EngineLimits, findings: Findings) {
    this.#limits = limits
    this.#findings = findings
    this.#declared = calls.flatMap((call) =>
      commandsOf(call.ask)
        .filter(({ kind }) => kind === 'declare' || kind === 'house' || kind === 'rate')
        .map((command) => ({ command, sender: call, tick: call.invokedTick })),
    )
    for (const command of calls.flatMap(({ ask }) => commandsOf(ask))) {
      for (const key of keysOf(command)) {
        if (isBroken(key)) continue
        const known = this.#asked.get(key) ?? new Map<string, Command>()
        // A repeat can have another condition, and either of them can have been met.
        this.#asked.set(key, known.set(spell(command), command))
      }
    }
  }

  read(transaction: Transaction): boolean {
    const { changes } = transaction
    for (const { after } of changes.balances) {
      const { id, account, asset, stripe } = after
      const name = { account, asset, stripe }
      const known = this.#balanceNames.get(id) ?? name
      const isSame = this.#findings.check(3, isAlike(known, name), () => `the balance ${id} has two names`)
      const isOwn =
        !account.startsWith('@') || stripe % ENGINES_MOST === (transaction.sender.stripe ?? transaction.sender.engine)
      this.#findings.check(
        3,
        isOwn,
        () => `the stripe ${stripe} of ${account} does not belong to engine ${transaction.sender.engine}`,
      )
      if (!isSame) return false
      this.#balanceNames.set(id, name)
    }
    if (!this.#readNumbers(transaction)) return false
    if (!changes.assets.every((asset) => this.#readAsset(asset, transaction))) return false
    if (!changes.houses.every((house) => this.#readHouse(house, transaction))) return false
    const versions = new Map(changes.balances.map(({ after }) => [after, this.#versionOf(after)]))
    const before = this.effects.length
    const rates = [...changes.rates]
    for (const [entryId, postings] of postedEntries(changes)) {
      const used = ratesUsedBy(changes.entries.find(({ id }) => id === entryId) ?? {})
      // A batch may use a rate, declare the next version and use that too.
      const declared = rates.findLastIndex(({ from, to, version }) => version <= (used.get(`${from} ${to}`) ?? 0))
      for (const rate of rates.splice(0, declared + 1)) if (!this.#readRate(rate, transaction)) return false
      if (!this.#readEntry(entryId, postings, transaction)) return false
    }
    for (const rate of rates) if (!this.#readRate(rate, transaction)) return false
    this.postingCount += changes.postings.length
    this.#checkSize(this.effects.length - before)
    return this.#checkRows(transaction, { versions, effects: this.effects.slice(before) })
  }

  /** Every request has a number that no other one has; its postings and its changes have it too. */
  #readNumbers({ changes }: Transaction): boolean {
    const check = (holds: boolean, what: string, row: unknown): boolean =>
      this.#findings.check(4, holds, () => `${what}: ${spell(row)}`)
    for (const { id, seq } of [...changes.entries, ...changes.holdsOpened, ...changes.charges]) {
      if (!check(!this.#seqsTaken.has(seq), 'a number that another request has', { id, seq })) return false
      this.#seqsTaken.add(seq)
      this.#seqs.set(id, seq)
    }
    const seqOf = (entryId: string): number | undefined =>
      this.#seqs.get(entryId) ?? this.#seqs.get(entryId.split('~')[0]!)
    return (
      changes.postings.every((row) => check(row.seq === seqOf(row.entryId), 'a posting of another request', row)) &&
      changes.holdChanges.every(({ after }) =>
        check(after.seq === seqOf(after.id), 'a change of another hold', after),
      ) &&
      changes.entries.every(
        (row) => row.step === null || check(row.step.holdSeq === seqOf(row.step.hold), 'a step', row),
      )
    )
  }

  #readAsset(asset: AssetBook, { tick, sender }: Transaction): boolean {
    const isAsked = this.#declared.some(
      ({ command, ...by }) =>
        command.kind === 'declare' &&
        command.asset === asset.code &&
        command.decimals === asset.decimals &&
        command.name === asset.name &&
        isSameLife(by.sender, sender) &&
        by.tick < tick,
    )
    // The first declaration fixed the decimals and the creation time; only the name changes.
    const { decimals, createdAt } = this.reference.assets.get(asset.code) ?? asset
    const fits = isAsked && asset.decimals === decimals && asset.createdAt === createdAt
    if (!this.#findings.check(4, fits, () => `nobody asked for the asset ${spell(asset)}`)) return false
    this.reference.setAsset(asset)
    this.effects.push({ position: this.effects.length, tick, sender, cause: { asset }, answer: asset, entry: null })
    return true
  }

  /** Before the entries of its transaction, which may use it: no entry can need that it was not declared yet. */
  #readHouse(house: HouseAccount, transaction: Transaction): boolean {
    return this.#readDeclared('house', house, house.declaredAt, transaction)
  }

  #readRate(rate: RateBook, transaction: Transaction): boolean {
    return this.#readDeclared('rate', rate, rate.declaredAt, transaction)
  }

  #readDeclared(kind: 'house' | 'rate', row: unknown, now: number, transaction: Transaction): boolean {
    const { tick, sender } = transaction
    const stripeOf = stripesOf(transaction)
    for (const { command, ...by } of this.#declared) {
      if (command.kind !== kind || !isSameLife(by.sender, sender) || by.tick > tick) continue
      const verdict = this.reference.decide(command, circumstancesOf(stripeOf, now, this.#limits))
      if (verdict.kind !== 'applied' || !isAlike(verdict.answer, row)) continue
      verdict.write()
      this.effects.push({
        position: this.effects.length,
        tick,
        sender,
        cause: { command, now, stripeOf },
        answer: row,
        entry: null,
      })
      return this.#findings.check(4, true, () => '')
    }
    return this.#findings.check(4, false, () => `nobody asked for the ${kind} ${spell(row)}`)
  }

  #readEntry(entryId: string, postings: readonly PostingRecord[], transaction: Transaction): boolean {
    const { sender, tick, at, latest } = transaction
    const [key] = /^[^~]*~?(?:late)?/.exec(entryId)!
    const now = postings[0]?.at ?? transaction.changes.entries.find(({ id }) => id === entryId)!.at
    const stripeOf = stripesOf(transaction)
    this.#findings.check(3, now <= latest, () => `the entry ${entryId} is dated ${now}, after its clock, ${latest}`)
    const isRight = now <= EPOCH + at + this.#limits.clockDifferenceMsMax
    this.#findings.check(5, isRight, () => `the entry ${entryId} is dated ${now}, by a clock that was far ahead`)
    const found = postings.map((posting) => this.#lineOf(posting))
    const reasons: (() => string)[] = []
    let law = 4
    for (const command of this.#asked.get(key)?.values() ?? []) {
      const verdict = this.reference.decide(command, circumstancesOf(stripeOf, now, this.#limits))
      if (
        verdict.kind === 'applied' &&
        isAlike(verdict.lines, found) &&
        isRecorded(entryId, command, verdict, transaction)
      ) {
        verdict.write()
        const position = this.effects.length
        const { answer, entry, forward = null } = verdict
        const effect = { position, tick, sender, cause: { command, now, stripeOf }, answer, entry, forward }
        this.effects.push(effect)
        this.byKey.set(key, effect)
        for (const checked of [1, 2, 3, 4, 5]) this.#findings.check(checked, true, () => '')
        return true
      }
      if (verdict.kind === 'refused') law = LAW_OF[verdict.rejection.code] ?? 7
      if (verdict.kind === 'applied') law = sumOf(found) === 0n ? 3 : 1
      reasons.push(() => `${spell(command)} would be ${verdict.kind}: ${spell({ ...verdict, write: undefined })}`)
    }
    return this.#findings.check(law, false, () => {
      const asked = reasons.length === 0 ? 'nobody asked for it' : reasons.map((reason) => reason()).join('; ')
      return `the entry ${entryId} of engine ${sender.engine}.${sender.life} wrote ${spell(found)}, but ${asked}`
    })
  }

  /** The holds, changes, entries and balances of the transaction are exactly those that the reference ledger has after it. */
  #checkRows({ changes }: Transaction, { versions, effects }: Before): boolean {
    const check = (law: number, holds: boolean, what: string, row: unknown): boolean =>
      this.#findings.check(law, holds, () => `${what}: ${spell(row)}`)
    const entries = effects.flatMap(entriesOf)
    const written = entriesIn(changes)
    const made = [...changes.holdsOpened, ...changes.charges]
    const opened = effects.flatMap(({ cause }) =>
      'command' in cause && cause.command.kind === 'freeze' ? [cause.command.requestId] : [],
    )
    const happened = changes.holdChanges.map(bookOfChange)
    const balances = changes.balances.every(({ before, after }) => {
      const row = bookOf(after)
      const book = this.reference.book(after.account, after.asset, after.stripe)
      const isNext = versions.get(after) === before.version && isAlike(row, book)
      return check(3, isNext, `a balance that should be ${spell(book)}`, row)
    })
    return (
      check(4, isSameSet(written, entries), 'entries without a command', written) &&
      check(5, isSameSet(changes.holdsOpened, opened), 'holds without a freeze', changes.holdsOpened) &&
      check(5, isAlike(happened, changesIn(effects)), 'changes of holds without a command', happened) &&
      made.every((hold) => check(5, this.#isAsLeft(hold), 'a hold that differs', hold)) &&
      changes.holdChanges.every((change) =>
        check(5, this.#isAsKept(change, changes), 'a change that differs', change),
      ) &&
      balances
    )
  }

  /** A hold that the transaction opened, or a charge that it made, is written as it left it. */
  #isAsLeft(hold: HoldRecord): boolean {
    const { id } = hold
    return isAlike(shown(hold), this.reference.holds.get(id)) && hold.changes === this.reference.changeCountOf(id)
  }

  /** Whether a change keeps what callers no longer see: the first answers, and which change was the end. */
  #isAsKept({ after, step }: HoldChange, { entries }: Changes): boolean {
    const answers = this.reference.firstAnswersOf(after.id)
    const history = this.reference.histories.get(after.id) ?? []
    const endedBy = history.findIndex(({ hold }) => hold.state !== 'open')
    const hasEnded = endedBy !== -1 && endedBy <= after.changes
    const { firstAnswers, end } = after
    return (
      (hasEnded
        ? end?.number === endedBy && (endedBy === 0 || isAlike(firstEndOf(after), answers.end))
        : end === null) &&
      (step === null
        ? firstAnswers === null
        : entries.includes(step) && isAlike(firstAnswers?.freeze, history[0]?.hold))
    )
  }

  #lineOf(record: PostingRecord): Line {
    const { balanceId, seq: _, ...posting } = record
    const name = this.#balanceNames.get(balanceId) ?? { account: '?', asset: '?', stripe: 0 }
    return { ...posting, ...name }
  }

  #versionOf({ account, asset, stripe }: BalanceChange['after']): number {
    return this.reference.book(account, asset, stripe).version
  }

  /** A group that is larger than a batch is committed alone. */
  #checkSize(effects: number): void {
    const most = Math.max(this.#limits.batchCommandsMax, 5)
    this.#findings.check(8, effects <= most, () => `${effects} commands in one transaction`)
  }
}

/**
 * The entries of a commit with their postings, in the order in which they were decided; each with those by which it passed on coins to
 * successors. An open of metadata alone has no posting.
 */
function postedEntries({ entries, postings }: Changes): readonly (readonly [string, readonly PostingRecord[]])[] {
  const posted: (readonly [string, readonly PostingRecord[]])[] = [
    ...Map.groupBy(postings, (posting) => posting.entryId.replace(/~merge$/, '')),
  ]
  const seqs = new Map(entries.map(({ id, seq }) => [id, seq]))
  for (const { id, seq, postings: own } of entries) {
    if (own.length > 0 || id.endsWith('~merge')) continue
    // Requests are numbered in order; a freeze and an end that is no step are not entries.
    const next = posted.findIndex(([other]) => (seqs.get(other) ?? -1) > seq)
    posted.splice(next === -1 ? posted.length : next, 0, [id, []])
  }
  return posted
}

/** The tables contain exactly the rows that the journal produces. */
export function compareTables(
  { requests, balances, postings, accounts, standings, assets, houses, rates, holdChanges }: Tables,
  { reference, effects, postingCount }: Journal & { readonly postingCount: number },
  findings: Findings,
): void {
  const { books, holds, metadata, assets: declared } = reference
  const found = [...balances.values()].map((balance) => spell(bookOf(balance))).sort()
  const expected = [...books.values()].map(spell).sort()
  findings.check(3, spell(found) === spell(expected), () => `the balances are ${spell(found)}`)
  findings.check(3, postings.size === postingCount, () => `there are ${postings.size} postings`)
  const ids = [...requests.keys()].sort()
  const known = [
    ...new Set([...holds.keys(), ...effects.flatMap((effect) => entriesOf(effect).map(({ id }) => id))]),
  ].sort()
  findings.check(4, spell(ids) === spell(known), () => `the request ids are ${spell(ids)}`)
  for (const request of requests.values()) {
    if (request.kind !== 'freeze') continue
    const isSame = isAlike(shown(request), holds.get(request.id))
    findings.check(5, isSame, () => `the hold ${spell(request)} should be ${spell(holds.get(request.id))}`)
  }
  const story = [...holdChanges.values()].map(bookOfChange).sort(byHold)
  const isTold = isAlike(story, [...changesIn(effects)].sort(byHold))
  findings.check(5, isTold, () => `the changes of holds are ${spell(story)}`)
  const attached = Object.fromEntries(accounts)
  const isAttached = isAlike(attached, Object.fromEntries(metadata))
  findings.check(4, isAttached, () => `the accounts have ${spell(attached)}`)
  const codes = spell([...assets.values()])
  findings.check(4, codes === spell([...declared.values()]), () => `the assets are ${codes}`)
  const stands = Object.fromEntries(
    [...standings.values()]
      .map(({ account, standing, successor }) => [account, { standing, successor }] as const)
      .filter(([, { standing }]) => standing !== 'active'),
  )
  const standing = Object.fromEntries([...reference.standings].filter(([, { standing }]) => standing !== 'active'))
  findings.check(2, isAlike(stands, standing), () => `the standings are ${spell(stands)}`)
  for (const { account, assets: opened } of standings.values()) {
    const own = [...books.values()].filter((book) => book.account === account).map(({ asset }) => asset)
    findings.check(2, isAlike([...opened].sort(), own.sort()), () => `${account} has balances of ${spell(opened)}`)
  }
  const housesFound = Object.fromEntries([...houses.values()].map(({ account, declaredAt }) => [account, declaredAt]))
  const isDeclared = isAlike(housesFound, Object.fromEntries(reference.houses))
  findings.check(2, isDeclared, () => `the house accounts are ${spell(housesFound)}`)
  const isKept = isAlike(Object.fromEntries(rates), Object.fromEntries(reference.rates))
  findings.check(1, isKept, () => `the rates are ${spell(Object.fromEntries(rates))}`)
}

/** The law that is broken when a command is applied that should have been rejected with this code. */
export const LAW_OF: Readonly<Partial<Record<RejectionCode, number>>> = {
  account_blocked: 2,
  account_closed: 2,
  insufficient_funds: 2,
  floor_above_available: 2,
  balance_overflow: 2,
  request_id_reused: 4,
  hold_not_open: 5,
  hold_not_found: 5,
  hold_not_due: 5,
  payee_fixed: 5,
  settle_above_hold: 5,
  amend_out_of_range: 5,
  changed_meanwhile: 3,
  refund_above_settled: 5,
}

export function isSameLife(left: Sender, right: Sender): boolean {
  return left.engine === right.engine && left.life === right.life
}

/** The rows that a transaction started from, as far as they are known, and its effects. */
interface Before {
  readonly versions: ReadonlyMap<BalanceChange['after'], number>
  readonly effects: readonly Effect[]
}

/** All entries that a transaction writes. */
function entriesIn({ entries, charges }: Changes): readonly EntryRecord[] {
  return [...entries, ...charges.map(({ charge }) => charge!)]
}

/** The entries that an effect leaves. */
function entriesOf({ entry, forward = null }: Pick<Effect, 'entry' | 'forward'>): readonly EntryBook[] {
  return [entry, forward].filter((each) => each !== null)
}

/** Whether the record of a command is the one of this verdict. The postings alone do not suffice: two commands can have the same. */
function isRecorded(
  entryId: string,
  command: Command,
  { answer, entry, forward = null }: Verdict & { kind: 'applied' },
  { changes }: Transaction,
): boolean {
  const passed = changes.entries.find(({ id }) => id === `${entryId}~merge`)
  if (!isAlike(passed === undefined ? null : visible(passed), forward)) return false
  const found = entriesIn(changes).find(({ id }) => id === entryId)
  if (entry !== null || found !== undefined) return isAlike(found === undefined ? null : visible(found), entry)
  const isBySame = (by: HoldRecord['by']): boolean => isAlike(showAuthor(by), showAuthor(command.givenBy ?? null))
  if (!entryId.includes('~')) return changes.holdsOpened.some(({ id, by }) => id === entryId && isBySame(by))
  const [hold] = entryId.split('~')
  return changes.holdChanges.some(
    ({ after, step }) => step === null && after.id === hold && isAlike(shown(after), answer) && isBySame(after.end!.by),
  )
}

/** What happened to a hold: the change as callers see it, and the id of the entry of a step. */
interface ChangeBook {
  readonly hold: string
  readonly number: number
  readonly step: string | null
  readonly after: unknown
}

function bookOfChange({ after, step }: HoldChange): ChangeBook {
  return { hold: after.id, number: after.changes, step: step?.id ?? null, after: shown(after) }
}

function changesIn(effects: readonly Effect[]): readonly ChangeBook[] {
  return effects.flatMap(({ cause, entry, answer }): ChangeBook[] => {
    if (!('command' in cause) || !('hold' in cause.command)) return []
    // An end that is no step is the first change.
    const number = entry?.step?.number ?? 1
    return [{ hold: cause.command.hold, number, step: entry?.id ?? null, after: answer }]
  })
}

function byHold(left: ChangeBook, right: ChangeBook): number {
  if (left.hold !== right.hold) return left.hold < right.hold ? -1 : 1
  return left.number - right.number
}

/** The first answer to the end of a hold, as its row records it. */
export function firstEndOf(hold: HoldRecord): unknown {
  return hold.firstAnswers?.end ?? shown(hold)
}

function isSameSet(
  rows: readonly { readonly id: string }[],
  ids: readonly (string | { readonly id: string })[],
): boolean {
  const names = ids.map((id) => (typeof id === 'string' ? id : id.id))
  return isAlike(rows.map(({ id }) => id).sort(), names.sort())
}

/** The columns of an entry that describe it. */
export function visible(entry: EntryRecord): unknown {
  const { fingerprint: _, seq: _s, account: _a, step: ofStep, by, postings, ...columns } = entry
  const step = ofStep === null ? null : { hold: ofStep.hold, number: ofStep.number, after: ofStep.after }
  return { ...columns, step, by: showAuthor(by), postings: postings.map(({ posting }) => posting) }
}

export function sumOf(lines: readonly Line[]): bigint {
  return lines.reduce((sum, { availableDelta, heldDelta }) => sum + availableDelta + heldDelta, 0n)
}

/** The columns of a balance except its id. */
function bookOf(balance: BalanceChange['after']): Book {
  const { account, asset, stripe, available, held, floor, standing, successor, version } = balance
  return { account, asset, stripe, available, held, floor, standing, successor, version }
}

/** The columns of a hold that callers see. */
function shown(hold: HoldRecord): unknown {
  const { kind: _, fingerprint: _f, seq: _s, charge: _r, balanceId: _b, openedVersion: _o, by: _y, end, ...rest } = hold
  const { changes: steps, firstAnswers: _a, ...columns } = rest
  return { ...columns, steps, endedAt: end === null ? null : end.at }
}
