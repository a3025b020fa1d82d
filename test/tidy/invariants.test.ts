import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { test } from 'node:test'
import { invariantViolations } from './invariants.ts'
import { readSources, type Source } from './source.ts'

const DOCUMENT = 'docs/INVARIANTS.md'
const isWritten = existsSync(resolve(import.meta.dirname, '../..', DOCUMENT))

test(
  `${DOCUMENT} and what holds the laws agree`,
  { skip: isWritten ? false : `${DOCUMENT} is not written yet` },
  () => {
    const found = invariantViolations({
      document: readSources(DOCUMENT)[0]!,
      auditChecks: readSources('src/stores/audit-checks.ts')[0]!,
      tests: readSources('{src,test}/**/*.ts'),
      sources: readSources('src/**/*.ts'),
    })
    assert.deepEqual(found, [])
  },
)

const LAWS = [1, 2, 3, 4, 5, 6, 7, 8]
const TESTS: Source = {
  path: 'src/domain/decide.test.ts',
  text: [
    "test('settling more than is held is refused', () => {})",
    'for (const name of stores) test(`${name} keeps every coin`, () => {})',
  ].join('\n'),
}

function section(law: number, text = ''): string {
  const listed = `Tests:\n\n- \`${TESTS.path}\` — "settling more than is held is refused"\n`
  return `## Law ${law}: so it is\n\nBecause.\n\n${text === '' ? `${listed}\nVerify: \`${law}a\`\n` : text}\n`
}

interface Change {
  readonly laws?: readonly number[]
  readonly third?: string
  readonly ids?: readonly string[]
  readonly tests?: string
  readonly comment?: string
}

/** An INVARIANTS.md without violations, except for the given change. */
function violations({ laws = LAWS, third = '', ids = LAWS.map((law) => `${law}a`), tests = '', comment = '' }: Change) {
  const sections = laws.map((law) => section(law, law === 3 ? third : ''))
  return invariantViolations({
    document: { path: DOCUMENT, text: `# Invariants\n\n${sections.join('\n')}\n## Other words\n\nTests: none\n` },
    auditChecks: {
      path: 'src/stores/audit-checks.ts',
      text: `const CHECKS = [${ids.map((id) => `{ id: '${id}' }`).join()}]`,
    },
    tests: [{ ...TESTS, text: `${TESTS.text}\n${tests}` }],
    sources: [{ path: 'src/domain/decide.ts', text: comment }],
  })
}

const listing = (line: string, verify = 'Verify: `3a`'): string => `Tests:\n${line}\n\n${verify}\n`

test('books in order are accepted', () => {
  assert.deepEqual(violations({}), [])
  assert.deepEqual(violations({ third: listing('- `src/domain/decide.test.ts` — "sqlite keeps every coin"') }), [])
  const bullets = 'Verify:\n\n- `3a` the first\n- `3b` the second\n'
  const ids = [...LAWS.map((law) => `${law}a`), '3b']
  const third = listing('- `src/domain/decide.test.ts` — "settling more than is held is refused"', bullets)
  assert.deepEqual(violations({ third, ids }), [])
})

test('a law that is missing is reported', () => {
  const [first] = violations({ laws: [1, 2, 4, 5, 6, 7, 8], ids: ['1a', '2a', '4a', '5a', '6a', '7a', '8a'] })
  assert.equal(first, 'the laws are 1, 2, 4, 5, 6, 7, 8; they must be 1, 2, 3, 4, 5, 6, 7, 8')
})

test('a test that does not exist is reported', () => {
  assert.deepEqual(violations({ third: listing('- `src/domain/decide.test.ts` — "settling less is refused"') }), [
    'law 3: src/domain/decide.test.ts has no test "settling less is refused"',
  ])
  assert.deepEqual(violations({ third: listing('- `src/domain/decided.test.ts` — "settling more"') }), [
    'law 3: there are no tests in src/domain/decided.test.ts',
  ])
})

test('a law that no test holds is reported', () => {
  assert.deepEqual(violations({ third: 'Verify: `3a`\n' }), ['law 3: no test holds it'])
})

test('a line that cannot be read is reported', () => {
  const found = violations({ third: listing('- src/domain/decide.test.ts: settling') })
  assert.equal(found[0], 'law 3: not of the form - `path` — "name": - src/domain/decide.test.ts: settling')
})

test('a check that no law lists is reported', () => {
  assert.deepEqual(violations({ ids: [...LAWS.map((law) => `${law}a`), '5b'] }), ['check 5b is listed under no law'])
})

test('a check that does not exist, or belongs to another law, is reported', () => {
  const tests = '- `src/domain/decide.test.ts` — "settling more than is held is refused"'
  assert.deepEqual(violations({ third: listing(tests, 'Verify: `3a`, `3z`') }), ['law 3: there is no check 3z'])
  assert.deepEqual(violations({ third: listing(tests, 'Verify: `3a`, `4a`') }), ["law 3: 4a is another law's check"])
})

test('a law that says nothing of checks is reported, and may say that there are none', () => {
  const tests = '- `src/domain/decide.test.ts` — "settling more than is held is refused"'
  const ids = LAWS.filter((law) => law !== 3).map((law) => `${law}a`)
  assert.deepEqual(violations({ third: listing(tests, ''), ids }), ['law 3: nothing after Verify:'])
  assert.deepEqual(violations({ third: listing(tests, 'Verify: none, rows do not show it.'), ids }), [])
})

test('a test that names a law and is not listed there is reported', () => {
  assert.deepEqual(violations({ tests: "test('law 2: nothing is held below zero', () => {})" }), [
    'src/domain/decide.test.ts: "law 2: nothing is held below zero" is not listed under law 2',
  ])
})

test('a comment that names a law that does not exist is reported', () => {
  assert.deepEqual(violations({ comment: '// Upholds laws 2 and 9.' }), ['src/domain/decide.ts:1: there is no law 9'])
})
