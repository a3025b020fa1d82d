/** The guide to a bridge as something that is carried out: its commands are run, and its module of credits is imported. */
import assert from 'node:assert/strict'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { runChild, type ChildEnd } from '../../harness/children.ts'
import { blocksOf, type Block } from '../support/guide-blocks.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const GUIDE = join(ROOT, 'docs/guides/bridge.md')

export class RoadGuide implements Disposable {
  /** The file of the module that shares users between the methods. */
  readonly module: string
  readonly #folder = mkdtempSync(join(tmpdir(), 'holdfast-road-'))
  readonly #blocks = blocksOf(readFileSync(GUIDE, 'utf8'))

  constructor() {
    mkdirSync(join(this.#folder, 'bin'))
    const command = join(this.#folder, 'bin/holdfast')
    writeFileSync(command, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'src/cli/main.ts')}' "$@"\n`)
    chmodSync(command, 0o755)
    this.module = join(this.#folder, 'credits.ts')
    const credits = this.#blocks.find(({ language, text }) => language === 'ts' && text.includes('sharedCredits'))
    writeFileSync(this.module, credits!.text)
  }

  /** The commands under a heading that begins like this, in their order. */
  commands(heading: string): readonly string[] {
    const found = this.#blocks.filter((block) => block.heading.startsWith(heading) && isCommands(block))
    assert.notEqual(found.length, 0, `the guide has no commands under "${heading}"`)
    return found.map(({ text }) => text)
  }

  /** The statement under such a heading, without its end. */
  statement(heading: string): string {
    const found = this.#blocks.find((block) => block.heading.startsWith(heading) && block.language === 'sql')
    return found!.text.replace(/;$/, '')
  }

  /** Runs commands until one fails. */
  async run(commands: string, environment: Readonly<Record<string, string>>): Promise<ChildEnd> {
    const { PATH = '', HOME = '' } = process.env
    return await runChild('bash', ['-c', `set -e\n${commands}`], {
      cwd: this.#folder,
      env: { PATH: `${join(this.#folder, 'bin')}:${PATH}`, HOME, ...environment },
    })
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true })
  }
}

function isCommands({ language }: Block): boolean {
  return language === 'sh'
}
