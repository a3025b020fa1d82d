/**
 * Writes docs/reference/problems.md from the catalogue in src/api/problems.ts.
 *
 *   node tools/problems.ts           writes the file
 *   node tools/problems.ts --check   exits 1 when the file is not what would be written
 */
import { exampleOf } from '../src/api/problem-examples.ts'
import { problemOfError } from '../src/api/problem-details.ts'
import type { Problem, ProblemCode } from '../src/api/problem.ts'
import { isServiceCode, PROBLEMS } from '../src/api/problems.ts'
import { REJECTION_PRECEDENCE } from '../src/domain/outcome.ts'
import { generate } from './generate.ts'

const CODES = Object.keys(PROBLEMS) as ProblemCode[]

const PREFACE = `# Problems

Everything that a Holdfast ledger can answer besides success. In process and in the client, each is a \`LedgerError\` with
this \`code\`; over HTTP, each is a problem (RFC 9457) of type \`application/problem+json\` with this status.

This page is made from \`src/api/problems.ts\` by \`node tools/problems.ts\`.

Every problem has these members:

| member | meaning |
| --- | --- |
| \`type\` | \`urn:holdfast:problem:CODE\` |
| \`title\` | the problem in a few words, always the same for a code |
| \`status\` | the HTTP status |
| \`detail\` | what happened this time, with its numbers, for people; a \`LedgerError\` has it as \`message\` |
| \`code\` | what happened, for programs |
| \`retryable\` | whether the same request, unchanged and under the same request id, may succeed if it is sent again |
| \`applied\` | \`no\`: the command had no effect. \`unknown\`: it may have had one. Repeating it under the same request id is safe either way |
| \`retryAfterMs\` | when it makes sense to try again, in milliseconds, if that is known; the \`Retry-After\` header says it in whole seconds |

The fields of a code stand beside them, and in the \`details\` of a \`LedgerError\`. Amounts are decimal strings over HTTP and
\`bigint\` in a \`LedgerError\`. A \`LedgerError\` has \`pointer\` as a property of its own.

What the tables below say of \`applied\` and of the time to wait is what a code says as a rule. A fault may know better, and then
its answer says so.
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
    '## Which one comes first',
    '',
    'Input that breaks a rule of form is `invalid_request` before anything else. A command that the rules refuse for several',
    'reasons gets the one that stands first here:',
    '',
    ...REJECTION_PRECEDENCE.map((code, index) => `${index + 1}. [\`${code}\`](#${code})`),
    '',
  ].join('\n')
}

function section(code: ProblemCode): string {
  const problem: Problem = PROBLEMS[code]
  const origin = isServiceCode(code)
    ? `Status ${problem.status}`
    : 'Made by the client when no answer came that it could use'
  const wait = problem.retryAfterMs === null ? '' : `, after ${problem.retryAfterMs} ms unless it says otherwise`
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
    JSON.stringify(problemOfError(exampleOf(code)), null, 2),
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
