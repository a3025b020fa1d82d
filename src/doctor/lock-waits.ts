/** Who waits for whom. */
import { activityText, isHoldfast, sessionText, type DatabaseSession } from './database-session.ts'
import { finding, type Finding, type Severity } from './finding.ts'
import { durationText } from './sizes.ts'

export interface LockWait {
  readonly waiting: DatabaseSession
  readonly blocking: DatabaseSession
  /** Null where the server does not say. */
  readonly waitedMs: number | null
  /** What is locked, in words: a row of an index of a table. */
  readonly what: string
  /** The table, where it is known. */
  readonly table: string | null
}

/** A shorter wait is what locks are for. */
const WAIT_MS_RISK = 1_000
/** By default, Holdfast gives up a wait after this time on PostgreSQL, and after 5 s on MySQL. */
const WAIT_MS_BROKEN = 5_000

export interface WaitLimits {
  /** The statement that ends a connection. */
  readonly end: (id: string) => string
  /** The tables of Holdfast. */
  readonly tables: ReadonlySet<string>
}

/** One finding for each pair; those that only wait behind another waiting one come after it. */
export function waitFindings(waits: readonly LockWait[], limits: WaitLimits): readonly Finding[] {
  if (waits.length === 0) return [finding('waits.lock', 'fine', { value: 'nobody waits for a lock' })]
  const waiting = new Set(waits.map((wait) => wait.waiting.id))
  const roots = waits.filter(({ blocking }) => !waiting.has(blocking.id))
  const others = waits.filter((wait) => !roots.includes(wait))
  return [...roots, ...others].map((wait) => waitFinding(wait, limits, roots.includes(wait)))
}

function waitFinding(wait: LockWait, limits: WaitLimits, isRoot: boolean): Finding {
  const { waiting, blocking, waitedMs, what } = wait
  const waited = waitedMs === null ? '' : ` for ${durationText(waitedMs)}`
  return finding('waits.lock', severityOf(wait, limits), {
    subject: `${waiting.id ?? '?'} waits for ${blocking.id ?? '?'}`,
    value: `connection ${waiting.id} has waited${waited} for ${what}`,
    details: [
      `waits: ${sessionText(waiting)} ${activityText(waiting)}`,
      `blocks: ${sessionText(blocking)} ${activityText(blocking)}`,
    ],
    remedy: isRoot ? remedyOf(blocking, limits) : null,
  })
}

function severityOf({ waiting, waitedMs, table }: LockWait, { tables }: WaitLimits): Severity {
  const ms = waitedMs ?? 0
  const concernsUs = isHoldfast(waiting) || (table !== null && tables.has(table))
  if (concernsUs && ms >= WAIT_MS_BROKEN) return 'broken'
  return ms >= WAIT_MS_RISK ? 'risk' : 'fine'
}

function remedyOf(blocking: DatabaseSession, { end }: WaitLimits): string | null {
  if (blocking.id === null) return null
  const own = 'Let the program that blocks commit or roll back'
  if (isHoldfast(blocking)) return `${own}: it is Holdfast, whose transactions end by themselves; look at its log.`
  return `${own}. If it does not: ${end(blocking.id)}`
}
