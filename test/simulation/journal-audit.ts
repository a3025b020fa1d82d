/**
 * The journal, read from its beginning with the reference ledger beside it: every row that was ever committed must be one that
 * somebody asked for, and the very one that had to come of it (laws 1 to 5). What the tables hold at the end must be the sum of it.
 */
import type { Command } from '../../src/domain/command.ts'
import type { HoldRecord } from '../../src/domain/hold.ts'
import type { PostingRecord } from '../../src/domain/journal.ts'
import type { RejectionCode } from '../../src/domain/outcome.ts'
import type { BalanceChange } from '../../src/domain/snapshot.ts'
import type { EngineLimits } from '../../src/engine/limits.ts'
import type { Tables } from '../../src/stores/memory/tables.ts'
import type { Findings } from './findings.ts'
import { commandsOf, type Call, type Sender, type Transaction } from './history.ts'
import {
  contentsOf,
  isAlike,
  ReferenceLedger,
  spell,
  type AssetBook,
  type Book,
  type Circumstances,
  type Line,
} from './reference-ledger.ts'
import { isBroken } from './workload.ts'

/** One command's trace in the journal. */
export interface Effect {
  /** 0 for the first one of the journal. */
  readonly position: number
  /** Of its commit. */
  readonly tick: number
  readonly sender: Sender
  /** The command, or the asset's new row: several declarations in one batch leave one row. */
  readonly cause: { readonly command: Command; readonly now: number } | { readonly asset: AssetBook }
  readonly answer: unknown
}

export interface Journal {
  readonly effects: readonly Effect[]
  /** By request id, and by hold with `~` for what ended it. */
  readonly byKey: ReadonlyMap<string, Effect>
}

/** The key that a command has its one effect under; null for one that is idempotent by its nature. */
export function keyOf(command: Command): string | null {
  if ('requestId' in command) return command.requestId
  return 'hold' in command ? `${command.hold}~` : null
}

export function circumstancesOf(sender: Sender, now: number, limits: EngineLimits): Circumstances {
  return { stripe: sender.engine, now, ttlMsDefault: limits.holdTtlMsDefault, ttlMsMax: limits.holdTtlMsMax }
}

/** Null when a row appeared that nothing explains: nothing after it can be judged. */
export function auditJournal(
  calls: readonly Call[],
  log: readonly Transaction[],
  { tables, limits, findings }: { tables: Tables; limits: EngineLimits; findings: Findings },
): Journal | null {
  const reading = new Reading(calls, limits, findings)
  for (const transaction of log) if (!reading.read(transaction)) return null
  reading.compareWith(tables)
  return reading
}

class Reading implements Journal {
  readonly effects: Effect[] = []
  readonly byKey = new Map<string, Effect>()
  readonly #limits: EngineLimits
  readonly #findings: Findings
  readonly #reference = new ReferenceLedger()
  /** Everything that was ever asked, by key. */
  readonly #asked = new Map<string, Map<string, Command>>()
  readonly #declared: readonly { command: Command; sender: Sender; tick: number }[]
  readonly #balanceNames = new Map<number, { account: string; asset: string; stripe: number }>()
  #postingCount = 0

  constructor(calls: readonly Call[], limits: EngineLimits, findings: Findings) {
    this.#limits = limits
    this.#findings = findings
    this.#declared = calls.flatMap((call) =>
      commandsOf(call.ask)
        .filter(({ kind }) => kind === 'declare')
        .map((command) => ({ command, sender: call, tick: call.invokedTick })),
    )
    for (const command of calls.flatMap(({ ask }) => commandsOf(ask))) {
      const key = keyOf(command)
      if (key === null || isBroken(key)) continue
      const known = this.#asked.get(key) ?? new Map<string, Command>()
      this.#asked.set(key, known.set(contentsOf(command), command))
    }
  }

  read(transaction: Transaction): boolean {
    const { changes } = transaction
    for (const { after } of changes.balances) {
      const { id, account, asset, stripe } = after
      const name = { account, asset, stripe }
      const known = this.#balanceNames.get(id) ?? name
      const isSame = this.#findings.check(3, isAlike(known, name), () => `the balance ${id} has two names`)
      if (!isSame) return false
      this.#balanceNames.set(id, name)
    }
    if (!changes.assets.every((asset) => this.#readAsset(asset, transaction))) return false
    const versions = new Map(changes.balances.map(({ after }) => [after, this.#versionOf(after)]))
    const before = this.effects.length
    for (const [entryId, postings] of Map.groupBy(changes.postings, (posting) => posting.entryId)) {
      if (!this.#readEntry(entryId, postings, transaction)) return false
    }
    this.#postingCount += changes.postings.length
    this.#checkSize(this.effects.length - before)
    return this.#checkRows(transaction, versions, this.effects.slice(before))
  }

  /** What is in the tables is what the journal made of them, and nothing else. */
  compareWith({ requests, balances, postings, accounts, assets }: Tables): void {
    const { books, holds, metadata, assets: declared } = this.#reference
    const found = [...balances.values()].map((balance) => spell(bookOf(balance))).sort()
    const expected = [...books.values()].map(spell).sort()
    this.#findings.check(3, spell(found) === spell(expected), () => `the balances are ${spell(found)}`)
    this.#findings.check(3, postings.size === this.#postingCount, () => `there are ${postings.size} postings`)
    const ids = [...requests.keys()].sort()
    const known = [...this.byKey.keys()].filter((key) => !key.endsWith('~')).sort()
    this.#findings.check(4, spell(ids) === spell(known), () => `the request ids are ${spell(ids)}`)
    for (const request of requests.values()) {
      if (request.kind !== 'freeze') continue
      const isSame = isAlike(shown(request), holds.get(request.id))
      this.#findings.check(5, isSame, () => `the hold ${spell(request)} should be ${spell(holds.get(request.id))}`)
    }
    const attached = Object.fromEntries(accounts)
    const isAttached = isAlike(attached, Object.fromEntries(metadata))
    this.#findings.check(4, isAttached, () => `the accounts have ${spell(attached)}`)
    const codes = spell([...assets.values()])
    this.#findings.check(4, codes === spell([...declared.values()]), () => `the assets are ${codes}`)
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
    // Whoever declared it first decided when it was declared; only its name changes.
    const known = this.#reference.assets.get(asset.code)
    const row = { ...asset, createdAt: known?.createdAt ?? asset.createdAt }
    const fits = isAsked && (known?.decimals ?? asset.decimals) === asset.decimals
    if (!this.#findings.check(4, fits, () => `nobody asked for the asset ${spell(asset)}`)) return false
    this.#reference.setAsset(row)
    this.effects.push({ position: this.effects.length, tick, sender, cause: { asset: row }, answer: row })
    return true
  }

  #readEntry(entryId: string, postings: readonly PostingRecord[], transaction: Transaction): boolean {
    const { sender, tick } = transaction
    const [key] = /^[^~]*~?/.exec(entryId)!
    const now = postings[0]!.at
    const found = postings.map((posting) => this.#lineOf(posting))
    const reasons: (() => string)[] = []
    let law = 4
    for (const command of this.#asked.get(key)?.values() ?? []) {
      const verdict = this.#reference.decide(command, circumstancesOf(sender, now, this.#limits))
      if (verdict.kind === 'applied' && isAlike(verdict.lines, found) && isRecorded(key, verdict.answer, transaction)) {
        verdict.write()
        const position = this.effects.length
        const effect = { position, tick, sender, cause: { command, now }, answer: verdict.answer }
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

  /** Holds, entries and balances of the transaction, as the reference ledger has them after it. */
  #checkRows(
    { changes }: Transaction,
    versions: ReadonlyMap<BalanceChange['after'], number>,
    effects: readonly Effect[],
  ): boolean {
    const check = (law: number, holds: boolean, what: string, row: unknown): boolean =>
      this.#findings.check(law, holds, () => `${what}: ${spell(row)}`)
    const ids = effects.flatMap(({ cause }) => ('command' in cause ? [keyOf(cause.command)!] : []))
    const entries = changes.entries.every((entry) => {
      const own = changes.postings.filter(({ entryId }) => entryId === entry.id).map((posting) => this.#lineOf(posting))
      const isTold = ids.includes(entry.id) && isAlike(entry.postings, own)
      return check(4, isTold, 'an entry that nobody made', entry)
    })
    const opened = changes.holdsOpened.every((hold) =>
      check(5, ids.includes(hold.id) && this.#isAsKept(hold), 'a hold that nobody froze', hold),
    )
    const changed = changes.holdsChanged.every((hold) =>
      check(5, ids.includes(`${hold.id}~`) && this.#isAsKept(hold), 'a hold that nobody ended', hold),
    )
    const recorded = changes.entries.length + changes.holdsOpened.length
    const counted = check(4, recorded === ids.filter((id) => !id.endsWith('~')).length, 'records are missing', changes)
    const balances = changes.balances.every(({ before, after }) => {
      const row = bookOf(after)
      const book = this.#reference.book(after.account, after.asset, after.stripe)
      const isNext = versions.get(after) === before.version && isAlike(row, book)
      return check(3, isNext, `a balance that should be ${spell(book)}`, row)
    })
    return entries && opened && changed && counted && balances
  }

  #isAsKept(hold: HoldRecord): boolean {
    return isAlike(shown(hold), this.#reference.holds.get(hold.id))
  }

  #lineOf({ balanceId, ...posting }: PostingRecord): Line {
    const name = this.#balanceNames.get(balanceId) ?? { account: '?', asset: '?', stripe: 0 }
    return { ...posting, ...name }
  }

  #versionOf({ account, asset, stripe }: BalanceChange['after']): number {
    return this.#reference.book(account, asset, stripe).version
  }

  /** A group that is larger than a batch goes alone. */
  #checkSize(effects: number): void {
    const most = Math.max(this.#limits.batchCommandsMax, 5)
    this.#findings.check(8, effects <= most, () => `${effects} commands in one transaction`)
  }
}

/** Which law is broken by what should have been refused for a reason. */
const LAW_OF: Readonly<Partial<Record<RejectionCode, number>>> = {
  insufficient_funds: 2,
  floor_above_available: 2,
  balance_overflow: 2,
  request_id_reused: 4,
  hold_not_open: 5,
  hold_not_found: 5,
  hold_not_due: 5,
  settle_above_hold: 5,
}

export function isSameLife(left: Sender, right: Sender): boolean {
  return left.engine === right.engine && left.life === right.life
}

/** Whether the record that tells of a command is the one of this answer: lines alone can look alike. */
function isRecorded(key: string, answer: unknown, { changes }: Transaction): boolean {
  if (key.endsWith('~')) {
    const ended = [...changes.holdsOpened, ...changes.holdsChanged].find(({ id }) => `${id}~` === key)
    return ended !== undefined && isAlike(shown(ended), answer)
  }
  const entry = changes.entries.find(({ id }) => id === key)
  // What became of a hold within the batch that froze it, its end tells.
  if (entry === undefined) return changes.holdsOpened.some(({ id }) => id === key)
  if (entry.kind === 'open') return entry.floor === (answer as Book).floor
  const { fingerprint: _, balanceIds: _b, step: _s, ...visible } = entry
  return isAlike({ ...visible, hold: null }, answer)
}

function sumOf(lines: readonly Line[]): bigint {
  return lines.reduce((sum, { availableDelta, heldDelta }) => sum + availableDelta + heldDelta, 0n)
}

/** The columns of a balance but for its id. */
function bookOf({ account, asset, stripe, available, held, floor, version }: BalanceChange['after']): Book {
  return { account, asset, stripe, available, held, floor, version }
}

/** The columns of a hold that callers see. */
function shown(hold: HoldRecord): unknown {
  const { kind: _, fingerprint: _f, endFingerprint: _e, balanceId: _b, openedVersion: _o, ...rest } = hold
  const { endedVersion: _v, payeeBalanceId: _p, payeeVersion: _q, steps: _s, firstAnswers: _a, ...visible } = rest
  return visible
}
