/**
 * Law 6 on SQLite when the end of the write-ahead log is lost: cut off, zeroed, overwritten, or with one wrong bit.
 *
 * A disk keeps what it confirmed, so no promise covers the loss of confirmed bytes. The promise: the file opens, every law
 * holds, and every command is there that was acknowledged when the log was no longer than its intact part.
 *
 * https://www.sqlite.org/fileformat2.html#the_write_ahead_log, https://www.sqlite.org/walformat.html#the_wal_index_file_format
 */
import assert from 'node:assert/strict'
import { randomBytes, randomInt } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import { openLedger } from '../../src/ledger.ts'
import { Deployment } from '../crash/deployment.ts'
import { assertHeard, beBusy } from '../crash/hearing.ts'
import { assertLaws, describeProof, journalOf } from '../crash/proof.ts'
import { entryOf } from '../crash/workload.ts'
import { note } from '../../harness/notes.ts'
import { isLongRun } from './long-run.ts'

const CALLERS = 20
/** The log restarts several times, in the long run more often. */
const LOAD_MS = isLongRun() ? 3_000 : 800
const TEARS = isLongRun() ? 60 : 16
const SAMPLE_EVERY_MS = 5

const HEADER_BYTES = 32
const FRAME_HEADER_BYTES = 24

/** The state of the log's index at one instant. */
interface Sample {
  /** As of `performance.now()`, before the index was read. */
  readonly at: number
  /** Changes when the log restarts. */
  readonly salt: string
  /** Everything acknowledged before is below this position, or in the database file. */
  readonly endBytes: number
}

type Damage = (log: Buffer, from: number) => Buffer

const DAMAGES: Readonly<Record<string, Damage>> = {
  'cut off': (log, from) => log.subarray(0, from),
  zeroed: (log, from) => Buffer.from(log).fill(0, from),
  overwritten: (log, from) => Buffer.concat([log.subarray(0, from), randomBytes(log.length - from)]),
  'with one wrong bit': (log, from) => {
    const damaged = Buffer.from(log)
    damaged[from]! ^= 1 << randomInt(8)
    return damaged
  },
}

describe('the end of the log is torn', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-torn-'))
  const path = join(folder, 'ledger.db')
  const samples: Sample[] = []
  const owned = new AsyncDisposableStack()
  let deployment: Deployment
  let file: Buffer
  let log: Buffer
  /** Some pages of the log before this position may be in the file. A log that ends earlier would be older than the file. */
  let movedBytes = 0

  before(async () => {
    deployment = owned.use(await Deployment.start(`sqlite:${path}`, { processes: 1, callers: CALLERS }))
    const load = beBusy(deployment, LOAD_MS)
    let isOver = false
    void load.finally(() => (isOver = true))
    while (!isOver) {
      const sample = sampleOf(path)
      if (sample !== null) samples.push(sample)
      await sleep(SAMPLE_EVERY_MS)
    }
    await load
    // The log may have restarted since the last sample.
    const last = sampleOf(path)
    if (last !== null) samples.push(last)
    await deployment.killService(0)
    ;[file, log] = [readFileSync(path), readFileSync(`${path}-wal`)]
    movedBytes = movedBytesOf(path)
    await deployment.startService(0)
    await deployment.finish()
  })

  after(async () => {
    await owned.disposeAsync()
    rmSync(folder, { recursive: true })
  })

  test('a file opens with every law, and with all that was acknowledged before the log grew beyond its whole part', async (t) => {
    const salt = log.toString('hex', 16, 24)
    const known = samples.filter((sample) => sample.salt === salt && sample.endBytes <= log.length)
    assert.ok(known.length > 0, 'the log was never seen as it was in the end')
    let proven = 0
    for (let tear = 0; tear < TEARS; tear++) {
      const [how, damage] = Object.entries(DAMAGES)[tear % Object.keys(DAMAGES).length]!
      const sample = known[randomInt(known.length)]!
      const from = randomInt(Math.max(sample.endBytes, movedBytes), log.length + 1)
      const present = await openTorn(damage(log, Math.min(from, log.length - 1)))
      for (const { command, attempts } of deployment.calls) {
        const last = attempts.at(-1)
        if (last === undefined || last.outcome.status !== 'applied' || last.answeredAt > sample.at) continue
        assert.ok(present.has(entryOf(command)), `${how} from byte ${from}: ${entryOf(command)} is lost`)
        proven++
      }
    }
    assert.ok(proven > 0)
    t.diagnostic(`${TEARS} tears; ${proven} times an acknowledged command was looked for, and there.`)
    note({ what: 'inputs', kind: 'torn log of SQLite', count: TEARS })
  })

  test('a log that is torn anywhere after the pages that were moved into the file leaves a file with every law, and can be written', async () => {
    for (let tear = 0; tear < TEARS; tear++) {
      const damage = Object.values(DAMAGES)[tear % Object.keys(DAMAGES).length]!
      await openTorn(damage(log, randomInt(movedBytes, log.length)))
    }
    note({ what: 'inputs', kind: 'torn log of SQLite', count: TEARS })
  })

  test('the file that was not torn has lost nothing', (t) => {
    assertHeard(t, deployment)
  })

  describeProof(() => deployment)

  /** Opens the file as the process left it, with another log. Returns the ids of its entries. */
  async function openTorn(torn: Buffer): Promise<ReadonlySet<string>> {
    const copy = join(folder, 'torn.db')
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${copy}${suffix}`, { force: true })
    writeFileSync(copy, file)
    writeFileSync(`${copy}-wal`, torn)
    await using ledger = await openLedger(`sqlite:${copy}`)
    await assertLaws(ledger)
    const present = new Set([...(await journalOf(ledger)).values()].map(({ entryId }) => entryId))
    await ledger.deposit({ requestId: 'afterwards', account: 'user:8', amount: 1n })
    await assertLaws(ledger)
    return present
  }
})

/**
 * Where the frames end that checkpoints have copied into the file: `nBackfillAttempted` of the index, because the kill may have
 * interrupted one. A checkpoint syncs the log before it writes the file, so these bytes were confirmed.
 */
function movedBytesOf(path: string): number {
  const index = readFileSync(`${path}-shm`)
  return endOfFrames(index, Math.max(index.readUInt32LE(96), index.readUInt32LE(128)))
}

function endOfFrames(index: Buffer, frames: number): number {
  const pageBytes = index.readUInt16LE(14)
  return HEADER_BYTES + frames * (FRAME_HEADER_BYTES + pageBytes)
}

/** Null while the index is being written. */
function sampleOf(path: string): Sample | null {
  const at = performance.now()
  const index = readFileSync(`${path}-shm`)
  const [header, copy] = [index.subarray(0, 48), index.subarray(48, 96)]
  if (!header.equals(copy)) return null
  const salt = header.toString('hex', 32, 40)
  return { at, salt, endBytes: endOfFrames(header, header.readUInt32LE(16)) }
}
