/**
 * Compares docs/INVARIANTS.md with the tests and audit checks that enforce the laws, in both directions.
 *
 * A law is a section `## Law 3: …`. Below a line `Tests:` there is one line per test: a hyphen, the file in backticks, a dash, the test's
 * name in double quotes. After `Verify:` there are the ids of checks in src/stores/audit-checks.ts, each in backticks, such as 3a; or
 * `Verify: none, …` and the reason. Every law has a section, every test exists, every check is listed under the law with its number, and a
 * test whose name mentions a law's number is listed under that law.
 */
import { commentsOf, visit, type Source, type Violation } from './source.ts'
import { testNamesOf } from './test-names.ts'

/** A new law increases this number and adds a section. */
const LAWS_COUNT = 8

interface LawTest {
  readonly path: string
  readonly name: string
}

interface Law {
  readonly number: number
  readonly tests: readonly LawTest[]
  readonly checks: readonly string[]
  /** Whether the section has a `Verify:` line. */
  readonly isVerifyWritten: boolean
  /** Lines below `Tests:` that do not have the form of a test. */
  readonly malformed: readonly string[]
}

export interface Evidence {
  readonly document: Source
  /** src/stores/audit-checks.ts */
  readonly auditChecks: Source
  /** Every file that may declare tests. */
  readonly tests: readonly Source[]
  /** Files whose comments may mention laws. */
  readonly sources: readonly Source[]
}

export function invariantViolations(evidence: Evidence): readonly Violation[] {
  const laws = readLaws(evidence.document)
  return [
    ...numberViolations(laws),
    ...laws.flatMap((law) => formViolations(law)),
    ...testViolations(laws, evidence.tests),
    ...unlistedTestViolations(laws, evidence.tests),
    ...checkViolations(laws, checkIdsOf(evidence.auditChecks)),
    ...mentionViolations(evidence.sources),
  ]
}

function readLaws({ text }: Source): readonly Law[] {
  const [, ...sections] = text.split(/^## Law (?=\d)/m)
  return sections.map((section) => {
    // The last law ends at the next heading of another kind.
    const lines = section.split(/^## /m)[0]!.split('\n')
    const below = (mark: string): readonly string[] => {
      const start = lines.findIndex((line) => line.startsWith(mark))
      if (start === -1) return []
      const end = lines.findIndex((line, index) => index > start && line.trim() !== '' && !/^\s*- |^\s{2,}/.test(line))
      return lines.slice(start, end === -1 ? undefined : end).map((line) => line.replace(mark, ''))
    }
    const bullets = below('Tests:').filter((line) => line.trim() !== '')
    const matches = bullets.map((line) => /^- `([^`]+)` — "(.+)"$/.exec(line.trim()))
    const verify = below('Verify:').join('\n')
    return {
      number: Number.parseInt(section, 10),
      tests: matches.filter((match) => match !== null).map(([, path, name]) => ({ path: path!, name: name! })),
      checks: [...verify.matchAll(/`(\d+[a-z])`/g)].map((match) => match[1]!),
      isVerifyWritten: verify.trim() !== '',
      malformed: bullets.filter((_, index) => matches[index] === null).map((line) => line.trim()),
    }
  })
}

function numberViolations(laws: readonly Law[]): readonly Violation[] {
  const wanted = Array.from({ length: LAWS_COUNT }, (_, index) => index + 1)
  const numbers = laws.map(({ number }) => number)
  return numbers.join() === wanted.join()
    ? []
    : [`the laws are ${numbers.join(', ')}; they must be ${wanted.join(', ')}`]
}

function formViolations(law: Law): readonly Violation[] {
  const name = `law ${law.number}`
  const violations = law.malformed.map((line) => `${name}: not of the form - \`path\` — "name": ${line}`)
  if (law.tests.length === 0) violations.push(`${name}: no test holds it`)
  const isAnswered = law.checks.length > 0 || law.isVerifyWritten
  if (!isAnswered) violations.push(`${name}: nothing after Verify:`)
  return violations
}

function testViolations(laws: readonly Law[], sources: readonly Source[]): readonly Violation[] {
  const names = new Map(sources.map((source) => [source.path, testNamesOf(source)]))
  return laws.flatMap((law) =>
    law.tests.flatMap(({ path, name }) => {
      const known = names.get(path)
      if (known === undefined) return [`law ${law.number}: there are no tests in ${path}`]
      return known.has(name) ? [] : [`law ${law.number}: ${path} has no test "${name}"`]
    }),
  )
}

/** A test whose name mentions a law must be listed under it. */
function unlistedTestViolations(laws: readonly Law[], sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap((source) =>
    testNamesOf(source).literal.flatMap((name) => {
      const number = Number(/\blaw (\d+)\b/i.exec(name)?.[1])
      if (Number.isNaN(number)) return []
      const listed = laws.find((law) => law.number === number)?.tests ?? []
      const isListed = listed.some((test) => test.path === source.path && test.name === name)
      return isListed ? [] : [`${source.path}: "${name}" is not listed under law ${number}`]
    }),
  )
}

function checkViolations(laws: readonly Law[], ids: readonly string[]): readonly Violation[] {
  const violations: Violation[] = ids.length === 0 ? ['the audit has no checks'] : []
  for (const law of laws) {
    for (const id of law.checks) {
      if (!ids.includes(id)) violations.push(`law ${law.number}: there is no check ${id}`)
      else if (Number.parseInt(id, 10) !== law.number)
        violations.push(`law ${law.number}: ${id} is another law's check`)
    }
  }
  const listed = laws.flatMap(({ checks }) => checks)
  return [...violations, ...ids.filter((id) => !listed.includes(id)).map((id) => `check ${id} is listed under no law`)]
}

/** The value of every property `id` with a string literal. */
function checkIdsOf(source: Source): readonly string[] {
  const ids: string[] = []
  visit(source, {
    Property: ({ key, value }) => {
      const isId = key.type === 'Identifier' && key.name === 'id'
      if (isId && value.type === 'Literal' && typeof value.value === 'string') ids.push(value.value)
    },
  })
  return ids
}

function mentionViolations(sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap((source) =>
    commentsOf(source).flatMap(({ text, line }) => {
      const mentions = [...text.matchAll(/\blaws? (\d+(?:(?:, | and |, and | to )\d+)*)/gi)]
      const numbers = mentions.flatMap(([, list]) => list!.match(/\d+/g) ?? []).map(Number)
      const unknown = numbers.filter((number) => number < 1 || number > LAWS_COUNT)
      return unknown.map((number) => `${source.path}:${line}: there is no law ${number}`)
    }),
  )
}
