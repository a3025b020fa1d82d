import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LOG_LIMITS, LogOutput, type LogLimits } from './log-output.ts'

const LIMITS: LogLimits = { ...LOG_LIMITS, bufferedBytesMax: 10_000, exitMsMax: 100 }
/** Only ends a hang. */
const TIMEOUT_MS = 60_000
const PIPE_READ_MAX = 1_048_576

const folder = mkdtempSync(join(tmpdir(), 'holdfast-log-'))
after(() => rmSync(folder, { recursive: true }))

/** A pipe whose reader is the test. */
class Pipe implements Disposable {
  readonly output: LogOutput
  readonly #path: string
  #reader: number
  readonly #buffer = Buffer.alloc(PIPE_READ_MAX)

  constructor(name: string, limits = LIMITS) {
    this.#path = join(folder, name)
    execFileSync('mkfifo', [this.#path])
    this.#reader = this.#openReader()
    const writer = openSync(this.#path, constants.O_WRONLY | constants.O_NONBLOCK)
    const output: LogOutput = new LogOutput(writer, (count) => output.write(`gap ${count}\n`), limits)
    this.output = output
  }

  /** What is in the pipe now. */
  read(): string {
    try {
      return this.#buffer.toString('utf8', 0, readSync(this.#reader, this.#buffer))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return ''
      throw error
    }
  }

  async readUntil(end: RegExp): Promise<string> {
    let text = this.read()
    for (; !end.test(text); text += this.read()) await sleep(1)
    return text
  }

  leave(): void {
    closeSync(this.#reader)
  }

  comeBack(): void {
    this.#reader = this.#openReader()
  }

  /** The writing end stays open: an output that has lines left goes on to write to its descriptor, whoever has its number. */
  [Symbol.dispose](): void {
    closeSync(this.#reader)
  }

  #openReader(): number {
    return openSync(this.#path, constants.O_RDONLY | constants.O_NONBLOCK)
  }
}

function lineOf(number: number): string {
  return `${`line ${number}`.padEnd(199, '.')}\n`
}

/** The numbers of whole lines, and the counts of gaps, in their order. */
function readLines(text: string): readonly (number | `gap ${number}`)[] {
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [, number] = /^line (\d+)\.+$/.exec(line) ?? []
      if (number !== undefined) return Number(number)
      assert.match(line, /^gap \d+$/)
      return line as `gap ${number}`
    })
}

function sumOf(lines: readonly (number | string)[]): number {
  return lines.reduce<number>((sum, line) => sum + (typeof line === 'number' ? 1 : Number(line.slice(4))), 0)
}

describe('a pipe', { timeout: TIMEOUT_MS }, () => {
  test('is written at once while its reader reads', () => {
    using pipe = new Pipe('working')
    for (let number = 0; number < 5; number++) {
      pipe.output.write(lineOf(number))
      assert.deepEqual(readLines(pipe.read()), [number])
    }
    assert.equal(pipe.output.bufferedBytes, 0)
  })

  test('gets lines that are written together after all of them, and those of later', () => {
    using pipe = new Pipe('together')
    pipe.output.together(() => {
      for (let number = 0; number < 50; number++) pipe.output.write(lineOf(number))
      assert.equal(pipe.read(), '', 'nothing is written yet')
    })
    pipe.output.write(lineOf(50))
    assert.deepEqual(
      readLines(pipe.read()),
      Array.from({ length: 51 }, (_, number) => number),
    )
    assert.throws(() => pipe.output.together(() => assert.fail()))
    pipe.output.write(lineOf(51))
    assert.deepEqual(readLines(pipe.read()), [51], 'an error of the action leaves the output as it was')
  })

  test('whose reader stalls is not waited for: what does not fit is dropped and counted, and a line at its place says so', async () => {
    using pipe = new Pipe('stalled')
    const { output } = pipe
    for (let number = 0; number < 1_000; number++) {
      output.write(lineOf(number))
      assert.ok(output.bufferedBytes <= LIMITS.bufferedBytesMax)
    }
    assert.ok(output.droppedCount > 0)
    const first = readLines(await pipe.readUntil(/gap/))
    output.write(lineOf(1_000))
    const lines = [...first, ...readLines(await pipe.readUntil(/line 1000/))]
    const keptCount = 1_000 - output.droppedCount
    const kept = Array.from({ length: keptCount }, (_, index) => index)
    assert.deepEqual(lines, [...kept, `gap ${output.droppedCount}`, 1_000])
    assert.equal(sumOf(lines), 1_001)
  })

  test('that is read slowly has one gap for many dropped lines', async () => {
    using pipe = new Pipe('slow')
    let text = ''
    for (let number = 0; number < 3_000; number++) {
      pipe.output.write(lineOf(number))
      if (number % 300 === 0) {
        text += pipe.read()
        await sleep(5)
      }
    }
    for (; sumOf(readLines(text)) < 3_000; text += pipe.read()) await sleep(1)
    const lines = readLines(text)
    assert.equal(sumOf(lines), 3_000)
    assert.ok(lines.filter((line) => typeof line === 'string').length <= 10)
  })

  test('takes no memory beyond the limit, however much is written', () => {
    using pipe = new Pipe('memory')
    const line = `${'x'.repeat(999)}\n`
    const before = process.memoryUsage().rss
    for (let count = 0; count < 300_000; count++) pipe.output.write(line)
    // The lines have 300 MB.
    assert.ok(process.memoryUsage().rss - before < 150 * 2 ** 20)
    assert.ok(pipe.output.bufferedBytes <= LIMITS.bufferedBytesMax)
  })

  test('without a reader is tried again, because a named one can be read again', async () => {
    using pipe = new Pipe('gone')
    pipe.leave()
    for (let number = 0; number < 200; number++) pipe.output.write(lineOf(number))
    const { droppedCount } = pipe.output
    assert.ok(droppedCount > 0)
    pipe.comeBack()
    const lines = readLines(await pipe.readUntil(/gap/))
    assert.equal(sumOf(lines), 200)
    assert.equal(lines.at(-1), `gap ${droppedCount}`)
  })
})

test('a line beyond the limit is dropped, and the next one is written', () => {
  using pipe = new Pipe('large')
  pipe.output.write('x'.repeat(LIMITS.bufferedBytesMax + 1))
  pipe.output.write(lineOf(1))
  assert.deepEqual(readLines(pipe.read()), ['gap 1', 1])
})

describe('at the exit', () => {
  test('a reader that stalls is waited for no longer than the limit', () => {
    using pipe = new Pipe('exit-stalled')
    for (let number = 0; number < 1_000; number++) pipe.output.write(lineOf(number))
    pipe.output.finish()
    assert.ok(pipe.output.bufferedBytes > 0)
  })

  test('what is kept is written, with the gap, when there is room', () => {
    using pipe = new Pipe('exit-read')
    for (let number = 0; number < 1_000; number++) pipe.output.write(lineOf(number))
    const text = pipe.read()
    pipe.output.finish()
    assert.equal(sumOf(readLines(text + pipe.read())), 1_000)
  })
})
