import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempDisposable, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'

const ROOT = resolve(import.meta.dirname, '../..')

/** The type-aware findings of the linter, with this repository's rules, for files with these names. */
async function lint(texts: Readonly<Record<string, string>>): Promise<readonly string[]> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-linter-'))
  const types = { extends: join(ROOT, 'tsconfig.json'), include: ['*.ts'] }
  await symlink(join(ROOT, 'node_modules'), join(folder.path, 'node_modules'))
  await writeFile(join(folder.path, 'tsconfig.json'), JSON.stringify(types))
  for (const [name, text] of Object.entries(texts)) await writeFile(join(folder.path, `${name}.ts`), text)
  // Linked by name: the linter would follow a linked folder and lint every package.
  const files = Object.keys(texts).map((name) => `${name}.ts`)
  const parameters = ['--config', join(ROOT, '.oxlintrc.json'), '--format', 'unix', ...files]
  const { stdout } = spawnSync(process.execPath, [join(ROOT, 'node_modules/oxlint/bin/oxlint'), ...parameters], {
    cwd: folder.path,
    encoding: 'utf8',
  })
  return stdout.split('\n').filter((line) => line.includes('[Error/'))
}

const PROMISE = 'async function commit(): Promise<void> {\n  await Promise.resolve()\n}\n'
const KIND = "export type Kind = 'freeze' | 'settle'\n"

/** By the rule that reports it. */
const REFUSED = {
  'no-default-export': 'export default function f(): void {}\n',
  'no-explicit-any': 'export function f(value: any): unknown {\n  return value\n}\n',
  'no-floating-promises': `${PROMISE}commit()\n`,
  'no-misused-promises': `${PROMISE}export const later = setTimeout(commit, 1)\n`,
  'no-unsafe-assignment': "export const rows: string[] = JSON.parse('[]')\n",
  'only-throw-error': "export function f(): never {\n  throw 'no'\n}\n",
  'prefer-node-protocol': "export { join } from 'path'\n",
  'switch-exhaustiveness-check': `${KIND}export function f(kind: Kind): void {\n  switch (kind) {\n    case 'freeze':\n  }\n}\n`,
}

test('the linter refuses what the rules forbid, with types where it takes them, and nothing else', async () => {
  const found = await lint({ ...REFUSED, 'in-order': `${PROMISE}await commit()\n` })
  for (const rule of Object.keys(REFUSED)) {
    assert.ok(
      found.some((line) => line.startsWith(`${rule}.ts:`) && line.includes(`(${rule})`)),
      `${rule} did not refuse its fixture; found: ${found.join('\n')}`,
    )
  }
  assert.deepEqual(
    found.filter((line) => line.startsWith('in-order.ts')),
    [],
  )
})
