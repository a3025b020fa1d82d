/** Follows the instructions of CONTRIBUTING.md for a new command in a copy of the project, and uses the command. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'

const ROOT = resolve(import.meta.dirname, '../..')
/** Files of `src` that a new command may change. */
const FILES_MAX = 10

interface Step {
  readonly file: string
  /** The line next to which the code goes; null for a new file. */
  readonly place: { readonly line: string; readonly side: 'before' | 'after' } | null
  readonly code: string
}

const STEP =
  /(?:In\s+`([^`]+)`,\s+(before|after)\s+(?:`([^`]+)`|``\s?([^]*?)\s?``)|Make\s+`([^`]+)`):\n\n```ts\n([^]*?)```\n/g

function stepsIn(document: string): readonly Step[] {
  const section = document.slice(document.indexOf('## To add a command'), document.indexOf('## To add something else'))
  return [...section.matchAll(STEP)].map(([, file, side, line, , made, code]) => {
    if (made !== undefined) return { file: made, place: null, code: code! }
    return { file: file!, place: { line: line!, side: side as 'before' | 'after' }, code: code! }
  })
}

async function take({ file, place, code }: Step, folder: string): Promise<void> {
  const path = join(folder, file)
  if (place === null) return await writeFile(path, code, { flag: 'wx' })
  const lines = (await readFile(path, 'utf8')).split('\n')
  const found = lines.findIndex((line) => (place.side === 'after' ? line === place.line : line.startsWith(place.line)))
  assert.ok(found !== -1, `${file} has no line ${place.line}`)
  lines.splice(place.side === 'after' ? found + 1 : found, 0, ...code.slice(0, -1).split('\n'))
  await writeFile(path, lines.join('\n'))
}

/** Files with compiler errors. */
function filesWithErrors(folder: string): ReadonlySet<string> {
  const { stdout } = spawnSync(join(ROOT, 'node_modules/.bin/tsc'), ['--project', '.'], {
    cwd: folder,
    encoding: 'utf8',
  })
  return new Set([...stdout.matchAll(/^(\S+?)\(\d+,\d+\): error/gm)].map(([, file]) => file!))
}

describe('adding a command as CONTRIBUTING.md says', () => {
  let folder = ''
  let steps: readonly Step[] = []
  let namedAfterTypes: ReadonlySet<string>
  let namedAtTheEnd: ReadonlySet<string>

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-command-'))
    for (const part of ['src', 'test', 'tools', 'bench', 'harness', 'examples', 'package.json', 'tsconfig.json']) {
      await cp(join(ROOT, part), join(folder, part), {
        recursive: true,
        filter: (path) => !path.endsWith('node_modules'),
      })
    }
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    steps = stepsIn(await readFile(join(ROOT, 'CONTRIBUTING.md'), 'utf8'))
    const isOfTypes = ({ file }: Step): boolean => file === 'src/domain/command.ts'
    for (const step of steps.filter(isOfTypes)) await take(step, folder)
    namedAfterTypes = filesWithErrors(folder)
    for (const step of steps.filter((each) => !isOfTypes(each))) await take(step, folder)
    namedAtTheEnd = filesWithErrors(folder)
  })
  after(() => rm(folder, { recursive: true }))

  test('touches few files of the product', () => {
    const files = new Set(steps.map(({ file }) => file))
    assert.ok(files.size > 0 && files.size <= FILES_MAX, [...files].join(', '))
  })

  test('the compiler names the tables that lack it, in the product and in the tests', () => {
    for (const file of ['src/domain/rules.ts', 'src/api/contracts.ts', 'src/api/checked-ledger.ts']) {
      assert.ok(namedAfterTypes.has(file), `${file} compiles without the command`)
    }
    for (const file of ['src/domain/precedence.test.ts', 'test/simulation/workload.ts', 'test/reference/ledger.ts']) {
      assert.ok(namedAfterTypes.has(file), `${file} compiles without the command`)
    }
  })

  test('the product compiles, and only tables of tests are left', () => {
    assert.deepEqual(
      [...namedAtTheEnd].filter((file) => file.startsWith('src/') && !file.endsWith('.test.ts')),
      [],
    )
  })

  test('the command works from the command line, and under its own route', async () => {
    const holdfast = (...parameters: readonly string[]) => {
      const path = join(folder, 'src/cli/main.ts')
      const { status, stdout, stderr } = spawnSync(process.execPath, [path, ...parameters, '--json'], {
        cwd: folder,
        encoding: 'utf8',
      })
      assert.equal(status, 0, stderr)
      return JSON.parse(stdout) as Record<string, unknown>
    }
    const store = ['--store', 'sqlite:ledger.db']
    holdfast('deposit', 'user:8', '100', ...store)
    assert.equal(holdfast('withdraw', 'user:8', '30', ...store)['kind'], 'withdraw')
    const account = holdfast('account', 'user:8', ...store) as { balances: { available: string }[] }
    assert.equal(account.balances[0]!.available, '70')

    const program = [
      `import { CONTRACTS } from './src/api/contracts.ts'`,
      `console.log(CONTRACTS.withdraw.route.path, CONTRACTS.withdraw.commandSchema.$id)`,
    ]
    await writeFile(join(folder, 'program.ts'), program.join('\n'))
    const { stdout } = spawnSync(process.execPath, ['program.ts'], { cwd: folder, encoding: 'utf8' })
    assert.equal(stdout, '/v1/withdrawals WithdrawCommand\n')
  })
})
