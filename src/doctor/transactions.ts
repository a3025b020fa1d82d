/** Transactions that have been open for long, and foreign ones with locks on Holdfast's tables. */
import { activityText, isHoldfast, sessionText, type DatabaseSession } from './database-session.ts'
import { finding, type Finding, type Severity } from './finding.ts'
import { durationText } from './sizes.ts'

export interface OpenTransaction {
  readonly session: DatabaseSession
  /** Tables of Holdfast of which it has locked rows. Null where the server does not say. */
  readonly tables: readonly string[] | null
}

/** Transactions of commands take milliseconds. */
const AGE_MS_ADVICE = 60_000
const AGE_MS_RISK = 10 * 60_000
/** A foreign transaction that is as short as a commit of Holdfast is not shown. */
const LOCKS_MS_RISK = 1_000
const FINDINGS_MAX = 20

/** The oldest first, at most `FINDINGS_MAX` of each kind. */
export function transactionFindings(
  transactions: readonly OpenTransaction[],
  end: (id: string) => string,
): readonly Finding[] {
  const oldest = transactions.toSorted((left, right) => ageOf(right) - ageOf(left))
  const long = oldest.filter((transaction) => ageOf(transaction) >= AGE_MS_ADVICE).slice(0, FINDINGS_MAX)
  const foreign = oldest
    .filter((open) => !isHoldfast(open.session) && (open.tables ?? []).length > 0 && ageOf(open) >= LOCKS_MS_RISK)
    .slice(0, FINDINGS_MAX)
  const findings = [
    ...long.map((transaction) => longFinding(transaction, end)),
    ...foreign.map((transaction) => foreignFinding(transaction, end)),
  ]
  if (long.length === 0) {
    const [first] = oldest
    const value = first === undefined ? 'no transaction is open' : `the oldest is ${durationText(ageOf(first))} old`
    findings.push(finding('transactions.long', 'fine', { value }))
  }
  return findings
}

function ageOf({ session }: OpenTransaction): number {
  return session.transactionMs ?? 0
}

function longFinding(transaction: OpenTransaction, end: (id: string) => string): Finding {
  const { session } = transaction
  const severity: Severity = ageOf(transaction) >= AGE_MS_RISK ? 'risk' : 'advice'
  return finding('transactions.long', severity, {
    subject: sessionText(session),
    value: `${durationText(ageOf(transaction))}: ${sessionText(session)}`,
    details: [activityText(session)],
    remedy: endText(session, end),
  })
}

function foreignFinding(transaction: OpenTransaction, end: (id: string) => string): Finding {
  const { session, tables } = transaction
  return finding('transactions.foreign', 'risk', {
    subject: sessionText(session),
    value: `${sessionText(session)} has locks on ${tables!.join(', ')}`,
    details: [activityText(session)],
    remedy: endText(session, end),
  })
}

function endText({ id }: DatabaseSession, end: (id: string) => string): string | null {
  return id === null ? null : `Let the program commit or roll back. If it does not: ${end(id)}`
}
