/** Law 8 for the log: whatever becomes of stderr, the service goes on, and ends with the right exit code. */
import assert from 'node:assert/strict'
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { LOG_LIMITS } from '../../src/cli/log-output.ts'
import { exitCodeOf, LoggingService, LogPipe, tallyOf } from './logging-service.ts'
import { SmallDisk } from './small-disk.ts'

/** Their lines come to more than a pipe (64 KiB) and the buffer hold: each has more than 300 bytes. */
const LOUD_COUNT = 5_000
const FEW_COUNT = 20
const POLL_MS = 10
/** Only ends a hang. */
const TIMEOUT_MS = 120_000
const DEFECT = `process.on('SIGUSR2', () => { throw new Error('a defect') })`

interface Place {
  readonly folder: string
  readonly store: string
}

async function inFolder(run: (place: Place) => Promise<void>): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-log-'))
  await run({ folder: folder.path, store: `sqlite:${join(folder.path, 'ledger.db')}` })
}

describe('a reader that stalls', { timeout: TIMEOUT_MS }, () => {
  test('stops no request; when it reads again, every line is there or counted', () =>
    inFolder(async ({ folder, store }) => {
      using pipe = new LogPipe(folder)
      await using service = await LoggingService.start({ store, stderr: pipe.writer })
      await service.request(LOUD_COUNT)
      while (tallyOf(wholeLines(pipe.read())).gapsCount === 0) await sleep(POLL_MS)
      await service.request(FEW_COUNT)
      assert.equal(await service.end(), 0)
      const { answeredCount, droppedCount, gapsCount, messages } = tallyOf(pipe.read())
      assert.equal(gapsCount, 1)
      assert.ok(droppedCount > 0)
      assert.equal(answeredCount + droppedCount, service.answeredCount)
      assert.equal(messages[0], 'a new ledger was made in a new file')
      assert.equal(messages.at(-1), 'stopped')
    }))

  test('stops no request of a service whose stderr is a socket either', () =>
    inFolder(async ({ store }) => {
      // Node makes a pair of sockets for "pipe".
      await using service = await LoggingService.start({ store, stderr: 'pipe' })
      const { stderr } = service.child
      await service.request(LOUD_COUNT)
      let text = ''
      stderr!.setEncoding('utf8').on('data', (part: string) => (text += part))
      while (tallyOf(wholeLines(text)).gapsCount === 0) await sleep(POLL_MS)
      await service.request(FEW_COUNT)
      const end = service.end()
      while (!text.includes('"stopped"')) await sleep(POLL_MS)
      assert.equal(await end, 0)
      const { answeredCount, droppedCount } = tallyOf(text)
      assert.ok(droppedCount > 0)
      assert.equal(answeredCount + droppedCount, service.answeredCount)
    }))

  test('does not keep the process from its end, and the exit code is that of an orderly stop', () =>
    inFolder(async ({ folder, store }) => {
      using pipe = new LogPipe(folder)
      await using service = await LoggingService.start({ store, stderr: pipe.writer })
      await service.request(LOUD_COUNT)
      assert.equal(await service.end(), 0)
    }))

  test('does not keep a process with a defect from its end', () =>
    inFolder(async ({ folder, store }) => {
      using pipe = new LogPipe(folder)
      await using service = await LoggingService.start({ store, stderr: pipe.writer, preloaded: DEFECT })
      await service.request(LOUD_COUNT)
      assert.equal(await service.end('SIGUSR2'), 3)
    }))
})

describe('a reader that works', { timeout: TIMEOUT_MS }, () => {
  test('has the last line before the process ends', () =>
    inFolder(async ({ folder, store }) => {
      using pipe = new LogPipe(folder)
      await using service = await LoggingService.start({ store, stderr: pipe.writer, preloaded: DEFECT })
      assert.equal(await service.end('SIGUSR2'), 3)
      const line = JSON.parse(pipe.read().trimEnd().split('\n').at(-1)!) as { level: number; err: { message: string } }
      assert.equal(line.level, 60)
      assert.equal(line.err.message, 'a defect')
    }))
})

describe('a reader that has gone', { timeout: TIMEOUT_MS }, () => {
  test('stops nothing', () =>
    inFolder(async ({ folder, store }) => {
      for (const stderr of ['pipe', 'socket'] as const) {
        using pipe = new LogPipe(folder)
        await using service = await LoggingService.start({ store, stderr: stderr === 'pipe' ? pipe.writer : 'pipe' })
        if (stderr === 'socket') service.child.stderr!.destroy()
        pipe.leave()
        await service.request(FEW_COUNT)
        assert.equal(await service.end(), 0, stderr)
      }
    }))

  test('does not change the exit code of a service that does not start', () =>
    inFolder(async ({ folder, store }) => {
      using pipe = new LogPipe(folder)
      pipe.leave()
      assert.equal(await exitCodeOf(['serve', '--store', store, '--port', 'none'], pipe.writer), 2)
    }))

  test('and comes back to a named pipe has every line, or its count', () =>
    inFolder(async ({ folder, store }) => {
      using pipe = new LogPipe(folder)
      await using service = await LoggingService.start({ store, stderr: pipe.writer })
      pipe.leave()
      await service.request(LOUD_COUNT)
      pipe.comeBack()
      while (tallyOf(wholeLines(pipe.read())).gapsCount === 0) await sleep(POLL_MS)
      assert.equal(await service.end(), 0)
      const { answeredCount, droppedCount, messages } = tallyOf(pipe.read())
      assert.equal(answeredCount + droppedCount, service.answeredCount)
      assert.equal(messages.at(-1), 'stopped')
    }))
})

test('a service without stderr serves, and writes its log into no other file', { timeout: TIMEOUT_MS }, () =>
  inFolder(async ({ store }) => {
    await using service = await LoggingService.start({ store, stderr: 'pipe', redirection: '2>&-' })
    await service.request(FEW_COUNT)
    if (process.platform === 'linux') assert.equal(readlinkSync(`/proc/${service.child.pid}/fd/2`), '/dev/null')
    assert.equal(await service.end(), 0)
  }),
)

describe('a log file on a full disk', { skip: SmallDisk.missing(), timeout: TIMEOUT_MS }, () => {
  test('stops nothing; when there is room, every line is there or counted', () =>
    inFolder(async ({ store }) => {
      using disk = SmallDisk.mount(4)
      const path = join(disk.folder, 'service.log')
      const stderr = openSync(path, 'a')
      await using service = await LoggingService.start({ store, stderr })
      closeSync(stderr)
      disk.fill()
      await service.request(LOUD_COUNT)
      disk.empty()
      while (tallyOf(wholeLines(readFileSync(path, 'utf8'))).gapsCount === 0) await sleep(POLL_MS)
      await service.request(FEW_COUNT)
      assert.equal(await service.end(), 0)
      const { answeredCount, droppedCount, gapsCount } = tallyOf(readFileSync(path, 'utf8'))
      assert.equal(gapsCount, 1)
      assert.equal(answeredCount + droppedCount, service.answeredCount)
      assert.ok(answeredCount > LOG_LIMITS.bufferedBytesMax / 1_000)
    }))

  test('does not keep the process from its end', () =>
    inFolder(async ({ store }) => {
      using disk = SmallDisk.mount(4)
      const stderr = openSync(join(disk.folder, 'service.log'), 'a')
      await using service = await LoggingService.start({ store, stderr })
      closeSync(stderr)
      disk.fill()
      await service.request(FEW_COUNT)
      assert.equal(await service.end(), 0)
    }))
})

/** Without the beginning of a line whose end was not read yet. */
function wholeLines(text: string): string {
  return text.slice(0, text.lastIndexOf('\n') + 1)
}
