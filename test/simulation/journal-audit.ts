/**
 * Replays the journal from its beginning and compares it with the reference ledger. Every committed row must have been asked for, and must
 * be exactly the row that the command produces (laws 1 to 5). The tables at the end must be the sum of the journal.
 */
import type { Command } from '../../src/domain/command.ts'
import type { HoldRecord } from '../../src/domain/hold.ts'
import type { EntryRecord, PostingRecord } from '../../src/domain/journal.ts'
import type { RejectionCode } from '../../src/domain/outcome.ts'
import type { BalanceChange } from '../../src/domain/changes.ts'
import type { EngineLimits } from '../../src/engine/limits.ts'
import type { Tables } from '../../src/stores/memory/tables.ts'
import type { Findings } from './findings.ts'
import { commandsOf, type Call, type Sender, type Transaction } from './history.ts'
import type { LegBook, RateBook } from '../reference/exchange.ts'
import type { AssetBook, Book, Circumstances, EntryBook, Line, StripeOf, Verdict } from '../reference/books.ts'
import { ReferenceLedger } from '../reference/ledger.ts'
import { contentsOf, isAlike, spell } from '../reference/spelling.ts'
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
  /** Null if the hold's row is the whole record, or the command leaves no entry. */
  readonly entry: EntryBook | null
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
  /** Every command that was asked for, by key. */
  readonly #asked = new Map<string, Map<string, Command>>()
  readonly #declared: readonly { command: Command; sender: Sender; tick: number }[]
  readonly #balanceNames = new Map<number, { account: string; asset: string; stripe: number }>()
  postingCount = 0

  constructor(calls: readonly Call[], limits: EngineLimits, findings: Findings) {
    this.#limits = limits
    this.#findings = findings
    this.#declared = calls.flatMap((call) =>
      commandsOf(call.ask)
        .filter(({ kind }) => kind === 'declare' || kind === 'rate')
        .map((command) => ({ command, sender: call, tick: call.invokedTick })),
    )
    for (const command of calls.flatMap(({ ask }) => commandsOf(ask))) {
      for (const key of keysOf(command)) {
        if (isBroken(key)) continue
        const known = this.#asked.get(key) ?? new Map<string, Command>()
        this.#asked.set(key, known.set(contentsOf(command), command))
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
    if (!changes.assets.every((asset) => this.#readAsset(asset, transaction))) return false
    const versions = new Map(changes.balances.map(({ after }) => [after, this.#versionOf(after)]))
    const before = this.effects.length
    const holdsBefore = new Map(
      changes.holdsStepped.map(({ after: { id } }) => [
        id,
        { ...this.reference.holds.get(id), steps: this.#stepCount(id) },
      ]),
    )
    const rates = [...changes.rates]
    for (const [entryId, postings] of Map.groupBy(changes.postings, (posting) => posting.entryId)) {
      const used = ratesUsedBy(changes.entries.find(({ id }) => id === entryId) ?? {})
      // A batch may use a rate, declare the next version and use that too.
      const declared = rates.findLastIndex(({ from, to, version }) => version <= (used.get(`${from} ${to}`) ?? 0))
      for (const rate of rates.splice(0, declared + 1)) if (!this.#readRate(rate, transaction)) return false
      if (!this.#readEntry(entryId, postings, transaction)) return false
    }
    for (const rate of rates) if (!this.#readRate(rate, transaction)) return false
    this.postingCount += changes.postings.length
    this.#checkSize(this.effects.length - before)
    return this.#checkRows(transaction, { versions, holdsBefore, effects: this.effects.slice(before) })
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

  #readRate(rate: RateBook, transaction: Transaction): boolean {
    const { tick, sender } = transaction
    const now = rate.declaredAt
    const stripeOf = stripesOf(transaction)
    for (const { command, ...by } of this.#declared) {
      if (command.kind !== 'rate' || !isSameLife(by.sender, sender) || by.tick > tick) continue
      const verdict = this.reference.decide(command, circumstancesOf(stripeOf, now, this.#limits))
      if (verdict.kind !== 'applied' || !isAlike(verdict.answer, rate)) continue
      verdict.write()
      this.effects.push({
        position: this.effects.length,
        tick,
        sender,
        cause: { command, now, stripeOf },
        answer: rate,
        entry: null,
      })
      return this.#findings.check(4, true, () => '')
    }
    return this.#findings.check(4, false, () => `nobody asked for the rate ${spell(rate)}`)
  }

  #readEntry(entryId: string, postings: readonly PostingRecord[], transaction: Transaction): boolean {
    const { sender, tick, at, latest } = transaction
    const [key] = /^[^~]*~?(?:late)?/.exec(entryId)!
    const now = postings[0]!.at
    const stripeOf = stripesOf(transaction)
    this.#findings.check(3, now <= latest, () => `the entry ${entryId} is dated ${now}, after its clock, ${latest}`)
    const isRight = now <= EPOCH + at + this.#limits.clockDifferenceMsMax
    this.#findings.check(5, isRight, () => `the entry ${entryId} is dated ${now}, by a clock that was far ahead`)
    const found = postings.map((posting) => this.#lineOf(posting))
    const reasons: (() => string)[] = []
    let law = 4
    for (const command of this.#asked.get(key)?.values() ?? []) {
      const verdict = this.reference.decide(command, circumstancesOf(stripeOf, now, this.#limits))
      if (verdict.kind === 'applied' && isAlike(verdict.lines, found) && isRecorded(entryId, verdict, transaction)) {
        verdict.write()
        const position = this.effects.length
        const { answer, entry } = verdict
        const effect = { position, tick, sender, cause: { command, now, stripeOf }, answer, entry }
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

  /** The holds, entries, steps and balances of the transaction are exactly those that the reference ledger has after it. */
  #checkRows({ changes }: Transaction, { versions, holdsBefore, effects }: Before): boolean {
    const check = (law: number, holds: boolean, what: string, row: unknown): boolean =>
      this.#findings.check(law, holds, () => `${what}: ${spell(row)}`)
    const entries = effects.flatMap(({ entry }) => entry ?? [])
    const steps = entries.flatMap(({ id, step }) =>
      step === null ? [] : [{ hold: step.hold, number: step.number, entry: id }],
    )
    const opened = effects.flatMap(({ cause }) =>
      'command' in cause && cause.command.kind === 'freeze' ? [cause.command.requestId] : [],
    )
    const stepped = new Set(steps.map(({ hold }) => hold))
    const ended = effects.flatMap(({ cause, entry }) =>
      'command' in cause && 'hold' in cause.command && entry === null ? [cause.command.hold] : [],
    )
    const changed = ended.filter((id) => !opened.includes(id) && !stepped.has(id))
    const stepsBefore = changes.holdsStepped.every(({ before, after }) => {
      const known = opened.includes(after.id) ? { state: after.state, steps: 0 } : holdsBefore.get(after.id)
      const isBefore = before.state === known?.state && before.steps === known.steps
      return check(5, isBefore, 'a hold that differs before its step', before)
    })
    const holds = [...changes.holdsOpened, ...changes.holdsChanged, ...changes.holdsStepped.map(({ after }) => after)]
    const balances = changes.balances.every(({ before, after }) => {
      const row = bookOf(after)
      const book = this.reference.book(after.account, after.asset, after.stripe)
      const isNext = versions.get(after) === before.version && isAlike(row, book)
      return check(3, isNext, `a balance that should be ${spell(book)}`, row)
    })
    return (
      check(4, isSameSet(changes.entries, entries), 'entries without a command', changes.entries) &&
      check(5, isSameSet(changes.holdsOpened, opened), 'holds without a freeze', changes.holdsOpened) &&
      check(5, isSameSet(changes.holdsChanged, changed), 'holds that ended without a command', changes.holdsChanged) &&
      check(
        5,
        isSameSet(
          changes.holdsStepped.map(({ after }) => after),
          [...stepped],
        ),
        'holds without a step',
        changes,
      ) &&
      check(5, isAlike(changes.holdSteps, steps), 'steps without a command', changes.holdSteps) &&
      holds.every((hold) => check(5, this.#isAsKept(hold), 'a hold that differs', hold)) &&
      stepsBefore &&
      balances
    )
  }

  /** Compares the columns that callers see, and the first answers to the freeze and to the end. */
  #isAsKept(hold: HoldRecord): boolean {
    const answers = this.reference.firstAnswersOf(hold.id)
    return (
      isAlike(shown(hold), this.reference.holds.get(hold.id)) &&
      hold.steps === this.#stepCount(hold.id) &&
      (hold.firstAnswers === null || isAlike(hold.firstAnswers.freeze, answers.freeze)) &&
      (hold.state === 'open' || isAlike(firstEndOf(hold), answers.end))
    )
  }

  #stepCount(hold: string): number {
    return this.reference.stepsOf(hold).length
  }

  #lineOf({ balanceId, ...posting }: PostingRecord): Line {
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

/** The tables contain exactly the rows that the journal produces. */
export function compareTables(
  { requests, balances, postings, accounts, assets, rates, holdSteps }: Tables,
  { reference, effects, postingCount }: Journal & { readonly postingCount: number },
  findings: Findings,
): void {
  const { books, holds, metadata, assets: declared } = reference
  const found = [...balances.values()].map((balance) => spell(bookOf(balance))).sort()
  const expected = [...books.values()].map(spell).sort()
  findings.check(3, spell(found) === spell(expected), () => `the balances are ${spell(found)}`)
  findings.check(3, postings.size === postingCount, () => `there are ${postings.size} postings`)
  const ids = [...requests.keys()].sort()
  const known = [...holds.keys(), ...effects.flatMap(({ entry }) => entry?.id ?? [])].sort()
  findings.check(4, spell(ids) === spell(known), () => `the request ids are ${spell(ids)}`)
  for (const request of requests.values()) {
    if (request.kind !== 'freeze') continue
    const isSame = isAlike(shown(request), holds.get(request.id))
    findings.check(5, isSame, () => `the hold ${spell(request)} should be ${spell(holds.get(request.id))}`)
  }
  const steps = effects.flatMap(({ entry }) =>
    entry?.step ? [[`${entry.step.hold} ${entry.step.number}`, entry.id]] : [],
  )
  const isTold = isAlike(Object.fromEntries(holdSteps), Object.fromEntries(steps))
  findings.check(5, isTold, () => `the steps are ${spell(Object.fromEntries(holdSteps))}`)
  const attached = Object.fromEntries(accounts)
  const isAttached = isAlike(attached, Object.fromEntries(metadata))
  findings.check(4, isAttached, () => `the accounts have ${spell(attached)}`)
  const codes = spell([...assets.values()])
  findings.check(4, codes === spell([...declared.values()]), () => `the assets are ${codes}`)
  const isKept = isAlike(Object.fromEntries(rates), Object.fromEntries(reference.rates))
  findings.check(1, isKept, () => `the rates are ${spell(Object.fromEntries(rates))}`)
}

/** The law that is broken when a command is applied that should have been rejected with this code. */
export const LAW_OF: Readonly<Partial<Record<RejectionCode, number>>> = {
  insufficient_funds: 2,
  floor_above_available: 2,
  balance_overflow: 2,
  request_id_reused: 4,
  hold_not_open: 5,
  hold_not_found: 5,
  hold_not_due: 5,
  payee_fixed: 5,
  settle_above_hold: 5,
  amend_below_settled: 5,
  refund_above_settled: 5,
}

export function isSameLife(left: Sender, right: Sender): boolean {
  return left.engine === right.engine && left.life === right.life
}

/** The rows that a transaction started from, as far as they are known, and its effects. */
interface Before {
  readonly versions: ReadonlyMap<BalanceChange['after'], number>
  readonly holdsBefore: ReadonlyMap<string, { readonly state?: string; readonly steps: number }>
  readonly effects: readonly Effect[]
}

/** Whether the record of a command is the one of this verdict. The postings alone do not suffice: two commands can have the same. */
function isRecorded(
  entryId: string,
  { answer, entry }: Verdict & { kind: 'applied' },
  { changes }: Transaction,
): boolean {
  const found = changes.entries.find(({ id }) => id === entryId)
  if (entry !== null || found !== undefined) return isAlike(found === undefined ? null : visible(found), entry)
  // For a hold that a batch both froze and changed, the later entries record the changes.
  if (!entryId.includes('~')) return changes.holdsOpened.some(({ id }) => id === entryId)
  const stepped = changes.holdsStepped.map(({ after }) => after)
  const ended = [...stepped, ...changes.holdsChanged, ...changes.holdsOpened].find(({ id }) =>
    entryId.startsWith(`${id}~`),
  )
  return ended !== undefined && isAlike(firstEndOf(ended), answer)
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
  const { fingerprint: _, postings, ...columns } = entry
  return { ...columns, postings: postings.map(({ posting }) => posting) }
}

export function sumOf(lines: readonly Line[]): bigint {
  return lines.reduce((sum, { availableDelta, heldDelta }) => sum + availableDelta + heldDelta, 0n)
}

/** The columns of a balance except its id. */
function bookOf({ account, asset, stripe, available, held, floor, version }: BalanceChange['after']): Book {
  return { account, asset, stripe, available, held, floor, version }
}

/** The columns of a hold that callers see. */
function shown(hold: HoldRecord): unknown {
  const { kind: _, fingerprint: _f, balanceId: _b, openedVersion: _o, end, ...rest } = hold
  const { steps: _s, firstAnswers: _a, ...columns } = rest
  return { ...columns, endedAt: end === null ? null : end.at }
}
