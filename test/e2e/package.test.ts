/** The published package as a user installs it: packed, unpacked elsewhere, compiled and run. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { globSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'

const ROOT = resolve(import.meta.dirname, '../..')

interface Manifest {
  readonly dependencies: Readonly<Record<string, string>>
  readonly optionalDependencies?: unknown
}

const PROGRAM = `
import { openLedger } from 'holdfast'
await using ledger = await openLedger('sqlite:ledger.db')
await ledger.deposit({ account: 'user:8', amount: 10_000n })
const hold = await ledger.freeze({ account: 'user:8', amount: 616n })
const { settled, released } = await ledger.settle(hold.id, { amount: 500n })
console.log(settled, released)
`

const TYPED = `
import { openLedger, type Hold } from 'holdfast'
import { connect } from 'holdfast/client'
const ledger = await openLedger('memory:')
const hold: Hold = await ledger.freeze({ account: 'user:8', amount: 616n })
// @ts-expect-error: an amount is a bigint. Without the package's types there would be no error here.
const amount: string = hold.amount
// @ts-expect-error
await connect('http://127.0.0.1:4680').freeze({ account: 'user:8', amount: '616' })
export { amount }
`

describe('the package', () => {
  let folder = ''
  let installed = ''
  let manifest: Manifest

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-package-'))
    installed = join(folder, 'node_modules/holdfast')
    await mkdir(installed, { recursive: true })
    execFileSync('npm', ['pack', '--silent', '--pack-destination', folder], { cwd: ROOT, stdio: 'pipe' })
    const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'))!
    execFileSync('tar', ['-xzf', join(folder, archive), '-C', installed, '--strip-components', '1'])
    manifest = JSON.parse(await readFile(join(installed, 'package.json'), 'utf8')) as Manifest
    // Only the package's own dependencies, so that a missing one is detected.
    for (const name of [...Object.keys(manifest.dependencies), '@types/node']) {
      const link = join(folder, 'node_modules', name)
      await mkdir(dirname(link), { recursive: true })
      await symlink(join(ROOT, 'node_modules', name), link)
    }
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n')
  })

  after(() => rm(folder, { recursive: true, force: true }))

  test('a program that installed it freezes and settles', async () => {
    await writeFile(join(folder, 'program.js'), PROGRAM)
    const { stdout, stderr } = spawnSync(process.execPath, ['program.js'], { cwd: folder, encoding: 'utf8' })
    assert.equal(stderr, '')
    assert.equal(stdout, '500n 116n\n')
  })

  test('a program that installed it is checked against its types', async () => {
    await writeFile(join(folder, 'typed.ts'), TYPED)
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--target', 'es2024', '--module', 'nodenext']
    const compiler = join(ROOT, 'node_modules/.bin/tsc')
    const { status, stdout } = spawnSync(compiler, [...options, '--types', 'node', 'typed.ts'], {
      cwd: folder,
      encoding: 'utf8',
    })
    assert.equal(stdout, '')
    assert.equal(status, 0)
  })

  test('its command runs', () => {
    const command = join(installed, 'bin/holdfast.js')
    const { status, stdout, stderr } = spawnSync(process.execPath, [command, '--help'], { encoding: 'utf8' })
    assert.equal(status, 0, stderr)
    assert.match(stdout, /serve/)
  })

  test('its command shows an older Node which version it needs', () => {
    const pretend = "Object.defineProperty(process.versions, 'node', { value: '24.14.9' })"
    const start = `await import(${JSON.stringify(join(installed, 'bin/holdfast.js'))})`
    const script = ['--input-type=module', '--eval', `${pretend}; ${start}`]
    const { status, stderr } = spawnSync(process.execPath, script, { encoding: 'utf8' })
    assert.equal(status, 1)
    assert.equal(stderr, 'holdfast needs Node.js 24.15 or newer; this is 24.14.9.\n')
  })

  test('it brings no tests, no sources and no Node of its own', async () => {
    const files = await readdir(installed, { recursive: true })
    const migrations = globSync('stores/*/migrations/*.sql', { cwd: join(ROOT, 'src') }).map((path) => `dist/${path}`)
    assert.ok(migrations.length >= 3)
    assert.deepEqual(files.filter((file) => file.endsWith('.sql')).toSorted(), migrations.toSorted())
    assert.deepEqual(
      files.filter((file) => /\.test\.|(?<!\.d)\.ts$|^(?:test|tools|bench)\b/.test(file)),
      [],
    )
    assert.equal(manifest.optionalDependencies, undefined)
  })
})
