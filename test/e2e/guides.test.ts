/**
 * The code blocks of the README and of every guide, run in order as they stand there, each document on a new service with an empty file.
 *
 * - A block with lines that begin with `$ ` is a session: each command runs, and what stands below it must be in its output, in this order;
 *   `…` stands for anything, and so do instants and durations.
 * - `sh` is a script, which must succeed. `ts` is a program; without an import it has a `ledger`, which is connected to the service. A block
 *   without a language right after it is its output.
 * - `python` and `go` are programs too, run where there is a Python 3 or a Go; `# file: NAME` makes the first a module of the later ones.
 * - `sql` of the guide to statements is run by test/servers/guide-sql.test.ts, on every database; that of rights by the tests of migrations.
 * - A block after `<!-- not run: REASON -->` needs what a test does not have.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { runChild } from '../../harness/children.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { blocksOf, type Block } from '../support/guide-blocks.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const GUIDES = join(ROOT, 'docs/guides')
const DOCUMENTS = ['README.md', 'README.zh.md', ...readdirSync(GUIDES).map((name) => `docs/guides/${name}`)]
/** Folders of the guides, which are folders of the test. */
const FOLDERS = ['/var/lib/holdfast', '/backups']
/** Why programs in these languages are not run here; null when they are. */
const LANGUAGES: ReadonlyMap<string, string | null> = new Map([
  ['python', isThere('python3', '--version') ? null : 'there is no python3'],
  ['go', isThere('go', 'version') ? null : 'there is no go'],
])

function isThere(program: string, parameter: string): boolean {
  return spawnSync(program, [parameter]).status === 0
}

interface Step {
  readonly command: string
  readonly output: string
}

function stepsOf(text: string): readonly Step[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((part) => {
      const [, command, output] = /^((?:.*\\\n)*.*)\n?([^]*)$/.exec(part)!
      return { command: command!, output: output! }
    })
}

/** Without white space, instants and durations. */
function squashed(text: string): string {
  const masked = text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'T').replaceAll(/\b(\d+(ms|[smhd]) ?)+(?=\s|$)/g, 'D')
  return masked.replaceAll(/\s/g, '')
}

/** The parts of what was expected that are not in the output, in their order; null when all are. */
function missing(expected: string, actual: string): string | null {
  const output = squashed(actual)
  let place = 0
  for (const piece of expected
    .split('\n')
    .flatMap((line) => line.split('…'))
    .map(squashed)) {
    const found = output.indexOf(piece, place)
    if (found < 0) return piece
    place = found + piece.length
  }
  return null
}

class Reader implements AsyncDisposable {
  readonly #folder: string
  readonly #service: ServiceProcess
  #programs = 0

  private constructor(folder: string, service: ServiceProcess) {
    this.#folder = folder
    this.#service = service
  }

  static async create(): Promise<Reader> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-guide-'))
    for (const each of FOLDERS) mkdirSync(join(folder, each), { recursive: true })
    mkdirSync(join(folder, 'bin'))
    const command = join(folder, 'bin/holdfast')
    writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'src/cli/main.ts')}' "$@"\n`)
    chmodSync(command, 0o755)
    symlinkSync(join(ROOT, 'node_modules'), join(folder, 'node_modules'))
    const service = await ServiceProcess.start(`sqlite:${join(folder, FOLDERS[0]!, 'ledger.db')}`)
    return new Reader(folder, service)
  }

  async run(block: Block, output: Block | undefined): Promise<void> {
    const { language, text, line } = block
    if (language === 'sh') {
      const { exitCode, stderr } = await this.#shell(`set -e\n${text}`)
      assert.equal(exitCode, 0, `line ${line}: ${stderr}`)
    } else if (language === 'ts' || LANGUAGES.has(language)) {
      const { exitCode, stdout, stderr } = await this.#runProgram(language, text)
      assert.equal(exitCode, 0, `line ${line}: ${stderr}`)
      if (output === undefined) return
      const piece = missing(output.text, stdout)
      assert.equal(piece, null, `line ${output.line}: ${piece} is not in the output:\n${stdout}`)
    } else {
      for (const step of stepsOf(text)) await this.#step(step, line)
    }
  }

  async #step({ command, output }: Step, line: number): Promise<void> {
    const { exitCode, stdout, stderr } = await this.#shell(command)
    const shown = `the block of line ${line}: ${command}\n${stdout}${stderr}`
    if (output.trim() === '') return assert.equal(exitCode, 0, shown)
    const piece = missing(output, stdout + stderr)
    assert.equal(piece, null, `${piece} is not in the output of ${shown}`)
  }

  async #shell(script: string) {
    const { PATH } = process.env
    return await runChild('bash', ['-c', this.#here(script)], {
      cwd: this.#folder,
      env: { PATH: `${join(this.#folder, 'bin')}:${PATH}`, HOME: this.#folder, HOLDFAST_URL: this.#service.url },
    })
  }

  async #program(text: string) {
    const own = text.includes('import ')
      ? ''
      : `import { connect } from 'holdfast/client'\nconst ledger = connect('localhost:4680')\n`
    const file = join(this.#folder, `program-${++this.#programs}.ts`)
    const close = own === '' ? '' : '\nawait ledger.close()\n'
    const program = this.#here(own + text + close)
      .replaceAll(`'holdfast/client'`, `'${join(ROOT, 'src/client/index.ts')}'`)
      .replaceAll(`'holdfast/ai'`, `'${join(ROOT, 'src/ai/index.ts')}'`)
      .replaceAll(`'holdfast/http'`, `'${join(ROOT, 'src/http/ledger-routes.ts')}'`)
      .replaceAll(`'holdfast/metrics'`, `'${join(ROOT, 'src/metrics/registry.ts')}'`)
      .replaceAll(`'holdfast'`, `'${join(ROOT, 'src/index.ts')}'`)
    writeFileSync(file, program)
    return await runChild(process.execPath, [file], { cwd: this.#folder })
  }

  async #runProgram(language: string, text: string) {
    if (language === 'ts') return await this.#program(text)
    return language === 'go' ? await this.#go(text) : await this.#python(text)
  }

  async #go(text: string) {
    const file = `program-${++this.#programs}.go`
    writeFileSync(join(this.#folder, file), this.#here(text))
    // Go's own folders are of this test as well.
    const env = { PATH: process.env['PATH'] ?? '', HOME: this.#folder, GOFLAGS: '-mod=mod' }
    return await runChild('go', ['run', file], { cwd: this.#folder, env })
  }

  async #python(text: string) {
    const [, module] = /^# file: (\w+\.py)$/m.exec(text) ?? []
    const file = module ?? `program-${++this.#programs}.py`
    writeFileSync(join(this.#folder, file), this.#here(text))
    return await runChild('python3', [file], { cwd: this.#folder })
  }

  /** The text with the addresses and folders of this test. */
  #here(text: string): string {
    const { url } = this.#service
    let here = text.replaceAll(/'localhost:4680'|'http:\/\/127\.0\.0\.1:4680'/g, (found) =>
      found.includes('/v1') ? found : `'${url}'`,
    )
    here = here.replaceAll('localhost:4680', url.replace('http://', ''))
    for (const each of FOLDERS) here = here.replaceAll(each, join(this.#folder, each))
    return here
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service.kill()
    rmSync(this.#folder, { recursive: true })
  }
}

for (const document of DOCUMENTS) {
  test(`the blocks of ${document} can be followed in order`, async (t) => {
    const blocks = blocksOf(readFileSync(join(ROOT, document), 'utf8'))
    await using reader = await Reader.create()
    for (const [index, block] of blocks.entries()) {
      const { language, text, reason, line } = block
      if (reason !== null) {
        t.diagnostic(`${document}:${line} is not run: ${reason}`)
        continue
      }
      const isSession = language === '' && /^\$ /m.test(text)
      if (!isSession && language !== 'sh' && language !== 'ts' && !LANGUAGES.has(language)) continue
      const whyNot = LANGUAGES.get(language) ?? null
      if (whyNot !== null) {
        t.diagnostic(`${document}:${line} is not run: ${whyNot}`)
        continue
      }
      const after = blocks[index + 1]
      const isOutput = after?.isNext === true && after.language === '' && !/^\$ /m.test(after.text)
      await reader.run(block, isOutput ? after : undefined)
    }
  })
}

test('a block that does not do what stands there is found', () => {
  assert.equal(missing('{"a":1, … "b":"2"}', '{"a":1,"c":0,"b":"2"}'), null)
  assert.equal(missing('{"a":1, … "b":"2"}', '{"a":1,"c":0,"b":"3"}'), '"b":"2"}')
  assert.equal(missing('at 2026-11-21T07:39:45.707Z for 3s', 'at 2031-01-01T00:00:00.000Z for 14m 56s'), null)
  assert.equal(missing('two\none', 'one\ntwo'), 'one')
  assert.deepEqual(stepsOf('$ a \\\n  b\nout\n$ c'), [
    { command: 'a \\\n  b', output: 'out\n' },
    { command: 'c', output: '' },
  ])
})
