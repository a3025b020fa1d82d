/**
 * Writes docs/reference/problems.md from the catalogue in src/api/problems.ts.
 *
 *   node tools/problems.ts           writes the file
 *   node tools/problems.ts --check   exits 1 when the file is out of date
 */
import { exampleOf } from '../src/api/problem-examples.ts'
import type { Problem, ProblemCode } from '../src/api/problem.ts'
import { isServiceCode, PROBLEMS } from '../src/api/problems.ts'
import { REJECTION_PRECEDENCE } from '../src/domain/outcome.ts'
import { generate } from './generate.ts'

const CODES = Object.keys(PROBLEMS) as ProblemCode[]

const PREFACE = `# Problems

Every answer of a Holdfast ledger except success. In process and in the client, each is a \`LedgerError\` with
this \`code\`; over HTTP, each is a problem (RFC 9457) of type \`application/problem+json\` with this status.

This page is generated from \`src/api/problems.ts\` by \`node tools/problems.ts\`.

Every problem has these members:

| member | meaning |
| --- | --- |
| \`type\` | \`urn:holdfast:problem:CODE\` |
| \`title\` | a short title, fixed for each code |
| \`status\` | the HTTP status |
| \`detail\` | a description of this occurrence for people, with its values; a \`LedgerError\` has it as \`message\` |
| \`code\` | identifies the problem, for programs |
| \`retryable\` | whether the same request, unchanged and under the same request id, may succeed if it is sent again |
| \`applied\` | \`no\`: the command had no effect. \`unknown\`: it may have had one. Repeating it under the same request id is safe either way |
| \`retryAfterMs\` | when to try again, in milliseconds, if known; the \`Retry-After\` header has it in whole seconds |

Additional fields of a code are further members, and are in the \`details\` of a \`LedgerError\`. Amounts are decimal strings over HTTP and
\`bigint\` in a \`LedgerError\`. \`pointer\` is a property of its own in a \`LedgerError\`.

The tables below show the usual values of \`applied\` and of the time to wait. A fault may have more specific ones, which its answer
then contains.
`

function overview(): string {
  const rows = CODES.map((code) => {
    const { status, retryable, applied } = PROBLEMS[code]
    return `| [\`${code}\`](#${code}) | ${isServiceCode(code) ? status : '–'} | ${yesOrNo(retryable)} | ${applied} |`
  })
  return ['## Overview', '', '| code | status | retryable | applied |', '| --- | --- | --- | --- |', ...rows, ''].join(
    '\n',
  )
}

function precedence(): string {
  return [
    '## Order of precedence',
    '',
    'Malformed input is reported as `invalid_request` first. If the rules refuse a command for several reasons, the first one in',
    'this list is reported:',
    '',
    ...REJECTION_PRECEDENCE.map((code, index) => `${index + 1}. [\`${code}\`](#${code})`),
    '',
  ].join('\n')
}

function section(code: ProblemCode): string {
  const problem: Problem = PROBLEMS[code]
  const origin = isServiceCode(code)
    ? `Status ${problem.status}`
    : 'Created by the client when it received no usable answer'
  const wait =
    problem.retryAfterMs === null ? '' : `, after ${problem.retryAfterMs} ms unless the answer says otherwise`
  return [
    `### ${code}`,
    '',
    `**${problem.title}.** ${problem.meaning}`,
    '',
    `${origin}. ${problem.retryable ? `Retryable${wait}` : 'Not retryable'}. Applied: ${problem.applied}.`,
    '',
    `What to do: ${problem.remedy}`,
    '',
    ...fields(problem),
    '```json',
    JSON.stringify(exampleOf(code), null, 2),
    '```',
    '',
  ].join('\n')
}

function fields(problem: Problem): readonly string[] {
  const rows = Object.entries(problem.fields).map(
    ([name, { kind, meaning }]) => `| \`${name}\` | ${kind} | ${meaning} |`,
  )
  return rows.length === 0 ? [] : ['| field | kind | meaning |', '| --- | --- | --- |', ...rows, '']
}

function yesOrNo(value: boolean): string {
  return value ? 'yes' : 'no'
}

const text = [PREFACE, overview(), precedence(), '## Codes\n', ...CODES.map(section)].join('\n')
await generate('docs/reference/problems.md', `${text.trimEnd()}\n`)
