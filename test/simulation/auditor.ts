/** The auditor judges a simulation by its history alone. It knows the laws and the glossary, and none of the product's code. */
import type { EngineLimits } from '../../src/engine/limits.ts'
import type { Tables } from '../../src/stores/memory/tables.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { assertLaws } from '../support/laws.ts'
import { auditAnswers } from './answer-audit.ts'
import { Chapter } from './chapter.ts'
import { auditFeed } from './feed-audit.ts'
import { Findings } from './findings.ts'
import type { Call, Era, Sender, Transaction, Troubles } from './history.ts'
import { auditJournal, circumstancesOf, type Journal } from './journal-audit.ts'
import { auditPromises } from './promise-audit.ts'
import { EMPTY_STRIPE } from '../reference/books.ts'
import { spell } from '../reference/spelling.ts'

export interface History {
  /** In the order in which they were made. */
  readonly calls: readonly Call[]
  /** In commit order, without the transactions that were lost when the database went back in time. */
  readonly log: readonly Transaction[]
  /** The database before each return to an earlier state. */
  readonly pastEras?: readonly Era[]
  /** The number of transactions of `log` that were left after the last return. */
  readonly keptCount?: number
  /** The rows at the end. */
  readonly tables: Tables
  readonly storage: Storage
  readonly limits: EngineLimits
  readonly troublesOf: (sender: Sender) => Troubles
  /** How long each orderly stop of an engine took. */
  readonly stopsMs: readonly number[]
  /** The latest time that any machine's clock shows at the end. All engines sweep then, and have had quiet time to do so. */
  readonly endsAt: number
  /** Engines that were asked to stop at the end and did not. */
  readonly running: number
}

export async function auditHistory(history: History): Promise<Findings> {
  const { calls, limits, troublesOf } = history
  const findings = new Findings()
  await auditByVerify(history.storage, findings)
  const chapters: Chapter[] = []
  for (const era of erasOf(history)) {
    const { tables } = era
    auditRows(tables, findings)
    auditFeed(tables, findings)
    const journal = auditJournal(calls, era.log, { tables, limits, findings })
    if (journal === null) return findings
    chapters.push(new Chapter(era, journal))
  }
  for (const ms of history.stopsMs) {
    findings.check(8, ms <= limits.drainMsMax + 1, () => `stopping took ${ms} ms, more than ${limits.drainMsMax}`)
  }
  findings.check(8, history.running === 0, () => `${history.running} engines never stopped`)
  auditExpiry(chapters.at(-1)!.journal, history, findings)
  auditAnswers(calls, chapters, { limits, findings })
  auditPromises(calls, chapters, { limits, troublesOf, findings })
  return findings
}

function erasOf({ pastEras = [], keptCount = 0, log, tables }: History): readonly Era[] {
  const fromTick = pastEras.at(-1)?.untilTick ?? 0
  return [...pastEras, { fromTick, untilTick: Infinity, log, keptCount, tables }]
}

/** At the quiet end no hold is open that was due two rounds ago, unless a rule prevents its end. */
function auditExpiry({ reference }: Journal, { limits, endsAt }: History, findings: Findings): void {
  const dueAt = endsAt - 3 * limits.expiryIntervalMs - limits.expiryAsideMs - 1_000
  for (const hold of reference.holds.values()) {
    if (hold.state !== 'open' || hold.expiresAt > dueAt) continue
    const release = { kind: 'release', hold: hold.id, cause: 'expiry' } as const
    const { kind } = reference.decide(release, circumstancesOf(EMPTY_STRIPE, endsAt, limits))
    findings.check(8, kind === 'refused', () => `a due hold was not swept: ${spell(hold)}, due before ${dueAt}`)
  }
}

/** The laws about rows, checked as they are worded. */
export function auditRows({ requests, balances, postings, holdChanges }: Tables, findings: Findings): void {
  try {
    assertLaws({ requests, balances, postings: [...postings.values()], holdChanges })
    for (const law of [1, 2, 3, 5]) findings.check(law, true, () => '')
  } catch (error) {
    const { message } = error as Error
    findings.check(Number(/^law (\d)/.exec(message)?.[1] ?? 3), false, () => message)
  }
}

/** The checks of `holdfast verify`. */
export async function auditByVerify({ auditor }: Pick<Storage, 'auditor'>, findings: Findings): Promise<void> {
  for (const check of auditor.checks) {
    const broken = await auditor.run(check, 3)
    findings.check(Number(check.id[0]), broken.length === 0, () => `${check.title} ${JSON.stringify(broken)}`)
  }
}
