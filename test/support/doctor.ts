/** Examinations in tests. */
import assert from 'node:assert/strict'
import type { FindingId } from '../../src/doctor/catalogue.ts'
import { examine } from '../../src/doctor/examine.ts'
import type { Finding } from '../../src/doctor/finding.ts'

export function found(findings: readonly Finding[], id: FindingId, subject?: string): readonly Finding[] {
  return findings.filter((finding) => finding.id === id && (subject === undefined || finding.subject === subject))
}

/** The only finding of its kind. */
export function theOne(findings: readonly Finding[], id: FindingId, subject?: string): Finding {
  const all = found(findings, id, subject)
  assert.equal(all.length, 1, `${id} ${subject ?? ''}: ${JSON.stringify(all)}`)
  return all[0]!
}

/** Everything that is shown of a finding. */
export function textOf({ value, why, details, remedy }: Finding): string {
  return [value, why, ...details, remedy ?? ''].join('\n')
}

const EXAMINATIONS_MAX = 60

/** Examines until a finding fulfils the condition. */
export async function examineUntil(
  url: string,
  id: FindingId,
  condition: (finding: Finding) => boolean,
): Promise<Finding> {
  let last: readonly Finding[] = []
  for (let count = 0; count < EXAMINATIONS_MAX; count++) {
    last = await examine(url)
    const match = found(last, id).find(condition)
    if (match !== undefined) return match
  }
  throw new Error(`No such finding: ${JSON.stringify(found(last, id))}`)
}
