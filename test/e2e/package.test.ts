/**
 * The published packages as a user installs them: packed, unpacked elsewhere, compiled, bundled and run. Both are built into one folder, so
 * they are tested one after the other.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'
import { REJECTION_PROBLEMS } from '../../src/api/rejection-problems.ts'
import { runChild } from '../../harness/children.ts'
import { RunningService } from '../support/running-service.ts'

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

/** Without a package of the AI SDK. */
const CHARGING = `
import { openLedger } from 'holdfast'
import { CreditsError, metered, meteredFetch, priceBook, tariffOf } from 'holdfast/ai'
await using ledger = await openLedger('memory:')
await ledger.deposit({ account: 'user:8', amount: 10n })
const models = [{ provider: 'x', model: 'tts', characters: '1000000' }]
const prices = priceBook({ version: '1', validFrom: '2020-01-01T00:00:00Z', coinsPerUnit: '1', favour: 'user', models })
const job = { account: 'user:8', tariff: tariffOf(prices, { provider: 'x', model: 'tts' }), usage: { characters: 7 } }
console.log(await metered(ledger, job, async () => ({ value: 'done', usage: { characters: 6 } })))
await metered(ledger, job, async () => ({ value: '', cost: 0n })).catch((error) => console.log(error instanceof CreditsError, error.data.missing))
console.log(typeof meteredFetch({ ledger, prices, provider: 'x' }), String((await ledger.balance('user:8')).available))
`

const MOUNTED = `
import Fastify from 'fastify'
import document from 'holdfast/openapi.json' with { type: 'json' }
import { openLedger } from 'holdfast'
import { ledgerRoutes } from 'holdfast/http'
await using ledger = await openLedger('memory:')
const app = Fastify()
await app.register(ledgerRoutes, { ledger, prefix: '/ledger' })
const deposit = { account: 'user:8', amount: 10_000 }
const made = await app.inject({ method: 'POST', url: '/ledger/v1/deposits', payload: deposit })
console.log(made.statusCode, JSON.stringify(made.json().postings[1].available))
const missing = await app.inject('/ledger/v1/holds/none')
console.log(missing.statusCode, missing.json().code)
console.log(document.openapi)
await app.close()
`

const BUNDLED = `
import { openLedger } from 'holdfast'
async function main() {
  const ledger = await openLedger('sqlite:' + process.argv[2])
  console.log(ledger.storage.warnings.length, ledger.storage.warnings[0])
  await ledger.deposit({ account: 'user:8', amount: 10_000n })
  await Promise.all(Array.from({ length: 2_000 }, () => ledger.freeze({ account: 'user:8', amount: 1n })))
  const { balances } = await ledger.account('user:8')
  console.log(String(balances[0].total), String(balances[0].held))
  await ledger.close()
}
main()
`

/** With gzip. `npm run -s client:size` prints the exact sizes. */
const BUNDLE_BYTES_MAX = 31_000

const CLIENT_PROGRAM = `
import { connect, toProblem } from '@holdfast/client'
const ledger = connect(process.argv[2])
await ledger.deposit({ account: 'user:8', amount: 10_000n })
const hold = await ledger.freeze({ account: 'user:8', amount: 616n })
console.log(JSON.stringify(await ledger.settle(hold.id, { amount: 500n })))
try {
  await ledger.freeze({ account: 'user:8', amount: 10_000n })
} catch (error) {
  console.log(toProblem(error).status, error.details.required)
}
await ledger.close()
`

const CLIENT_TYPED = `
import { connect, holdToWire, type Hold, type HoldWire, type LedgerError } from '@holdfast/client'
export async function freeze(amount: bigint): Promise<HoldWire> {
  const hold: Hold = await connect('http://127.0.0.1:4680').freeze({ account: 'user:8', amount })
  // @ts-expect-error: an amount is a bigint.
  const text: string = hold.amount
  return holdToWire(hold)
}
export const isOver = (error: LedgerError): boolean => error.code === 'insufficient_funds'
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

  test('a program without the AI SDK charges for work', async () => {
    await writeFile(join(folder, 'charging.js'), CHARGING)
    const { stdout, stderr } = spawnSync(process.execPath, ['charging.js'], { cwd: folder, encoding: 'utf8' })
    assert.equal(stderr, '')
    assert.equal(stdout, 'done\ntrue 3\nfunction 4\n')
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

  test('it brings no tests and no Node of its own', async () => {
    const files = await readdir(installed, { recursive: true })
    assert.deepEqual(
      files.filter((file) => /\.test\.|^(?:test|tools)\b|^bench.*\.ts$/.test(file)),
      [],
    )
    assert.equal(manifest.optionalDependencies, undefined)
  })

  test('its maps lead from every compiled file and declaration to its source', async () => {
    const maps = globSync('dist/**/*.map', { cwd: installed })
    assert.ok(maps.length > 300, `${maps.length}`)
    for (const map of maps) {
      const { sources } = JSON.parse(await readFile(join(installed, map), 'utf8')) as { sources: readonly string[] }
      assert.equal(sources.length, 1, map)
      assert.ok(existsSync(join(installed, dirname(map), sources[0]!)), `${map}: ${sources[0]}`)
    }
  })

  test('its README and guides link to what it brings', async () => {
    for (const page of ['README.md', ...globSync('docs/guides/*.md', { cwd: installed })]) {
      const text = await readFile(join(installed, page), 'utf8')
      for (const [, link] of text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)) {
        assert.ok(existsSync(join(installed, dirname(page), link!)), `${page}: ${link}`)
      }
    }
  })

  test('it says where its sources are kept', () => {
    assert.equal(typeof (manifest as { repository?: { url?: unknown } }).repository?.url, 'string')
  })

  test('a program mounts the routes in its own fastify, and has the document', async () => {
    await writeFile(join(folder, 'mounted.js'), MOUNTED)
    const { stdout, stderr } = spawnSync(process.execPath, ['mounted.js'], { cwd: folder, encoding: 'utf8' })
    assert.equal(stderr, '')
    assert.equal(stdout, '201 "10000"\n404 hold_not_found\n3.1.0\n')
  })

  describe('in a bundle of esbuild, away from its files', () => {
    const THREADS = ['reading-thread', 'writing-thread', 'log-keeper']

    async function bundle(format: 'esm' | 'cjs', threads: readonly string[]): Promise<string> {
      const outdir = await mkdtemp(join(folder, 'bundle-'))
      await writeFile(join(folder, 'bundled.js'), BUNDLED)
      const entries = threads.map((name) => [`${name}-entry`, `holdfast/threads/${name}`])
      await build({
        absWorkingDir: folder,
        entryPoints: Object.fromEntries([['bundled', './bundled.js'], ...entries]) as Record<string, string>,
        outExtension: { '.js': format === 'esm' ? '.js' : '.cjs' },
        outdir,
        bundle: true,
        platform: 'node',
        format,
      })
      return join(outdir, format === 'esm' ? 'bundled.js' : 'bundled.cjs')
    }

    for (const format of ['esm', 'cjs'] as const) {
      test(`SQLite works as ${format}, on one thread, and says so`, async () => {
        const file = await bundle(format, [])
        const { stdout, stderr } = spawnSync(process.execPath, [file, `${file}.db`], { encoding: 'utf8' })
        assert.equal(stderr, '')
        assert.match(stdout, /^1 The files of the threads are not beside the bundle.*\n10000 2000\n$/)
      })
    }

    test('SQLite has its threads if they are bundled beside', async () => {
      const file = await bundle('esm', THREADS)
      const { stdout, stderr } = spawnSync(process.execPath, [file, `${file}.db`], { encoding: 'utf8' })
      assert.equal(stderr, '')
      assert.equal(stdout, '0 undefined\n10000 2000\n')
    })
  })
})

describe('the client package', () => {
  let folder = ''
  let installed = ''

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-client-'))
    installed = join(folder, 'node_modules/@holdfast/client')
    await mkdir(installed, { recursive: true })
    const parameters = ['pack', '--workspace', '@holdfast/client', '--silent', '--pack-destination', folder]
    execFileSync('npm', parameters, { cwd: ROOT, stdio: 'pipe' })
    const archive = (await readdir(folder)).find((name) => name.endsWith('.tgz'))!
    execFileSync('tar', ['-xzf', join(folder, archive), '-C', installed, '--strip-components', '1'])
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }\n')
  })

  after(() => rm(folder, { recursive: true, force: true }))

  test('depends on nothing, and has the version of the main package', async () => {
    const [own, main] = await Promise.all(
      [join(installed, 'package.json'), join(ROOT, 'package.json')].map(
        async (path) => JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown>,
      ),
    )
    assert.equal(own!['version'], main!['version'])
    for (const name of Object.keys(own!)) assert.doesNotMatch(name, /dependencies/i)
    const files = await readdir(installed, { recursive: true })
    for (const name of [
      'LICENSE',
      'README.md',
      'dist/client/index.js',
      'dist/client/index.d.ts.map',
      'src/client/index.ts',
    ])
      assert.ok(files.includes(name), name)
  })

  test('runs on the Node that runs npm, from version 20 on', async () => {
    await using service = await RunningService.start()
    await writeFile(join(folder, 'program.js'), CLIENT_PROGRAM)
    const node = process.env['npm_node_execpath'] ?? process.execPath
    const { stdout, stderr } = await runChild(node, ['program.js', service.url], { cwd: folder })
    assert.equal(stderr, '')
    const [settled, refused] = stdout.split('\n')
    assert.match(settled ?? '', /"settled":"500","released":"116"/)
    assert.equal(refused, '402 10000n')
  })

  test('has complete types that need neither Node nor another package', async () => {
    await writeFile(join(folder, 'typed.ts'), CLIENT_TYPED)
    const options = [
      '--noEmit',
      '--strict',
      '--target',
      'es2022',
      '--module',
      'nodenext',
      '--lib',
      'es2022,esnext.disposable,dom',
    ]
    const compiler = join(ROOT, 'node_modules/.bin/tsc')
    const { stdout } = spawnSync(compiler, [...options, '--types', '', 'typed.ts'], { cwd: folder, encoding: 'utf8' })
    assert.equal(stdout, '')
  })

  test('is small in a browser bundle, without the texts of problems', async () => {
    await writeFile(
      join(folder, 'page.js'),
      "import { connect } from '@holdfast/client'\nconsole.log(connect('http://x'))\n",
    )
    const { outputFiles } = await build({
      absWorkingDir: folder,
      entryPoints: ['page.js'],
      bundle: true,
      minify: true,
      platform: 'browser',
      write: false,
    })
    const { contents, text } = outputFiles[0]!
    assert.ok(gzipSync(contents).length < BUNDLE_BYTES_MAX, `${gzipSync(contents).length} bytes`)
    for (const { meaning, remedy } of Object.values(REJECTION_PROBLEMS)) {
      assert.ok(!text.includes(meaning) && !text.includes(remedy), meaning)
    }
  })
})
