/** `holdfast doctor` as a command, on SQLite: its output, exit codes, `--json`, `--watch`, and that it leaves the file alone. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, linkSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test, type TestContext } from 'node:test'
import { examine } from '../../src/doctor/examine.ts'
import type { Finding } from '../../src/doctor/finding.ts'
import { openLedger } from '../../src/ledger.ts'
import { found, textOf, theOne } from '../support/doctor.ts'
import { startChild } from '../../harness/children.ts'
import { runHoldfast, spawnHoldfast } from '../../harness/service-process.ts'

interface Place {
  readonly folder: string
  readonly file: string
  readonly url: string
}

/** A ledger in a file of its own, which nobody has open. */
async function ledgerAtRest(context: TestContext): Promise<Place> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-doctor-'))
  context.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'ledger.db')
  const url = `sqlite:${file}`
  await using ledger = await openLedger(url, { sweep: false })
  await ledger.deposit({ requestId: 'd1', account: 'user:8', amount: 100n })
  return { folder, file, url }
}

/** Another process in which `program` runs with the path of the file; resolves when it has printed a line. */
async function otherProcess(file: string, program: string): Promise<{ readonly pid: number; stop(): Promise<void> }> {
  const text = `import { DatabaseSync } from 'node:sqlite'; const database = new DatabaseSync(process.argv[1]); ${program}; console.log('ready'); setInterval(() => {}, 1000)`
  const child = startChild(process.execPath, ['--input-type=module', '-e', text, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  await once(child.stdout, 'data')
  return {
    pid: child.pid!,
    async stop() {
      const closed = once(child, 'close')
      child.kill('SIGKILL')
      await closed
    },
  }
}

test('a ledger without trouble: exit code 0, and the file and its folder stay as they are', async (context) => {
  const { folder, file, url } = await ledgerAtRest(context)
  const before = [readdirSync(folder), readFileSync(file), statSync(file).mtimeMs]
  const { exitCode, stdout, stderr } = await runHoldfast(['doctor', '--store', url])
  assert.equal(exitCode, 0, stderr)
  assert.match(stdout, /^fine +found\n/)
  assert.match(stdout, /Nothing to do for sqlite:/)
  assert.deepEqual([readdirSync(folder), readFileSync(file), statSync(file).mtimeMs], before)
})

test('while a service runs, what it has committed and not yet moved into the file is seen', async (context) => {
  const { file, url } = await ledgerAtRest(context)
  await using ledger = await openLedger(url, { sweep: false })
  await ledger.deposit({ requestId: 'd2', account: 'user:8', amount: 100n })
  const findings = await examine(url)
  assert.match(theOne(findings, 'tables.growth').value, /^all 2 requests/)
  assert.equal(theOne(findings, 'file.journal_mode').severity, 'fine')
  assert.equal(theOne(findings, 'file.write_lock').severity, 'fine')
  assert.ok(statSync(`${file}-wal`).size > 0, 'the log was not moved by the examination')
  await ledger.deposit({ requestId: 'd3', account: 'user:8', amount: 100n })
})

test('the log of a process that was killed stays as it is, and is read', async (context) => {
  const { folder, file, url } = await ledgerAtRest(context)
  const killed = await otherProcess(
    file,
    "database.exec('CREATE TABLE notes (a); CREATE INDEX by_kind ON requests (kind)')",
  )
  await killed.stop()
  const [log, data] = [readFileSync(`${file}-wal`), readFileSync(file)]
  assert.ok(log.length > 0)
  const { stdout } = await runHoldfast(['doctor', '--store', url])
  assert.match(stdout, /Extra index: by_kind/)
  // A connection that may write would have moved the log into the file and removed it.
  assert.deepEqual([readFileSync(`${file}-wal`), readFileSync(file)], [log, data])
  assert.deepEqual(readdirSync(folder), ['ledger.db', 'ledger.db-shm', 'ledger.db-wal'])
})

test('a file that another process holds: exit code 1, with the process and how to end it', async (context) => {
  const { file, url } = await ledgerAtRest(context)
  const holder = await otherProcess(file, "database.exec('BEGIN IMMEDIATE')")
  try {
    const { exitCode, stdout } = await runHoldfast(['doctor', '--store', url])
    assert.equal(exitCode, 1, stdout)
    assert.match(stdout, /RISK +Write lock: held by .* for longer than 1 s/)
    if (process.platform === 'linux')
      assert.match(stdout, new RegExp(`process ${holder.pid} .*kill ${holder.pid}`, 's'))
  } finally {
    await holder.stop()
  }
})

test('a log that a reader keeps long is a risk, with the process that reads', async (context) => {
  const { file, url } = await ledgerAtRest(context)
  const reader = await otherProcess(
    file,
    "database.exec('BEGIN'); database.prepare('SELECT count(*) FROM requests').get()",
  )
  try {
    const writer = new DatabaseSync(file)
    writer.exec('CREATE TABLE notes (a BLOB); INSERT INTO notes VALUES (zeroblob(20000000))')
    const log = theOne(await examine(url), 'file.log')
    writer.close()
    assert.equal(log.severity, 'risk')
    assert.match(log.why, /has been reading for long/)
    if (process.platform === 'linux') assert.match(textOf(log), new RegExp(`reads now: process ${reader.pid} `))
  } finally {
    await reader.stop()
  }
})

test('the rights, the names and the tables of the file are examined', async (context) => {
  const { folder, file, url } = await ledgerAtRest(context)
  chmodSync(file, 0o644)
  linkSync(file, join(folder, 'second.db'))
  const database = new DatabaseSync(file)
  database.exec(`
    CREATE TRIGGER watch AFTER INSERT ON journal BEGIN SELECT 1; END;
    CREATE TABLE users (id INTEGER PRIMARY KEY, balance_id INTEGER REFERENCES balances (id));
    CREATE INDEX by_kind ON requests (kind);
    DROP INDEX requests_steps`)
  database.close()
  const findings = await examine(url)
  assert.match(theOne(findings, 'file.permissions').value, /mode 644: every user of this machine may read it/)
  assert.equal(theOne(findings, 'file.links').severity, 'risk')
  assert.match(theOne(findings, 'tables.trigger').value, /watch on journal/)
  assert.match(theOne(findings, 'tables.foreign_key').value, /users: refers to balances/)
  assert.equal(theOne(findings, 'tables.index_extra').subject, 'requests.by_kind')
  assert.equal(theOne(findings, 'tables.index_missing').subject, 'requests (hold_seq)')
})

test('holds that are due and open are found, with the oldest', async (context) => {
  const { file, url } = await ledgerAtRest(context)
  {
    await using ledger = await openLedger(url, { sweep: false })
    await ledger.freeze({ requestId: 'f1', account: 'user:8', amount: 10n, expiresInMs: 1_000 })
  }
  const database = new DatabaseSync(file)
  database.exec(`UPDATE requests SET expires_at = expires_at - 600000 WHERE expires_at IS NOT NULL`)
  database.close()
  const overdue = theOne(await examine(url), 'holds.overdue')
  assert.equal(overdue.severity, 'risk')
  assert.match(overdue.value, /^1 hold is due and open; the oldest since 10 min \(f1\)$/)
})

test('a database that is missing, newer, or cannot be reached is broken: exit code 4', async (context) => {
  const { folder, file, url } = await ledgerAtRest(context)
  const missing = await runHoldfast(['doctor', '--store', `sqlite:${join(folder, 'none.db')}`])
  assert.equal(missing.exitCode, 4)
  assert.match(missing.stdout, /BROKEN +Connection: .*none\.db is not there/)
  assert.deepEqual(readdirSync(folder), ['ledger.db'])
  const other = join(folder, 'text.db')
  writeFileSync(other, 'no database, but a text that is longer than the header of one\n'.repeat(100))
  const text = await runHoldfast(['doctor', '--store', `sqlite:${other}`])
  assert.equal(text.exitCode, 4)
  assert.match(text.stdout, /BROKEN +Connection: .*not a database/)
  const database = new DatabaseSync(file)
  database.exec("INSERT INTO migrations VALUES (99, '0099_later', '', 1)")
  database.close()
  const { exitCode, stdout } = await runHoldfast(['doctor', '--store', url, '--json'])
  assert.equal(exitCode, 4)
  const { worst, findings } = JSON.parse(stdout) as { worst: string; findings: readonly Finding[] }
  assert.equal(worst, 'broken')
  assert.match(theOne(findings, 'tables.migrations').value, /newer/)
  // Nobody listens there; the password is never shown.
  const down = await runHoldfast(['doctor', '--store', 'postgres://holdfast:geheim@127.0.0.1:1/holdfast', '--json'])
  assert.equal(down.exitCode, 4)
  assert.match(down.stdout, /server\.unreachable/)
  assert.doesNotMatch(down.stdout + down.stderr, /geheim/)
})

test('a ledger in memory, and an interval out of range, are refused as usage', async () => {
  assert.equal((await runHoldfast(['doctor', '--store', 'memory:'])).exitCode, 2)
  assert.equal((await runHoldfast(['doctor', '--store', 'sqlite:x.db', '--watch', '0'])).exitCode, 2)
})

test('with --watch what is new and what is gone is printed, until it is interrupted', async (context) => {
  const { file, url } = await ledgerAtRest(context)
  const child = spawnHoldfast(['doctor', '--store', url, '--watch', '1', '--json'])
  const lines: Record<string, unknown>[] = []
  let rest = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const parts = (rest + text).split('\n')
    rest = parts.pop()!
    lines.push(...parts.map((line) => JSON.parse(line) as Record<string, unknown>))
  })
  const line = async (number: number): Promise<Record<string, unknown>> => {
    while (lines.length < number) await once(child.stdout, 'data')
    return lines[number - 1]!
  }
  const ids = (value: unknown): readonly string[] => (value as readonly Finding[]).map(({ id }) => id)
  assert.equal((await line(1))['worst'], 'fine')
  chmodSync(file, 0o646)
  assert.deepEqual(ids((await line(2))['appeared']), ['file.permissions'])
  chmodSync(file, 0o600)
  assert.deepEqual(ids((await line(3))['gone']), ['file.permissions'])
  assert.deepEqual(found((await line(1))['findings'] as readonly Finding[], 'unseen'), [])
  const closed = once(child, 'close')
  child.kill('SIGINT')
  assert.deepEqual(await closed, [0, null])
})
