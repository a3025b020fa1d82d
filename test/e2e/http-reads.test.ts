/** The service on SQLite is there for everybody while somebody reads much, and leaves one file behind. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { openLedger } from '../../src/ledger.ts'
import { beginningSql, BUSY, holdsSql } from '../support/long-journal.ts'
import { ServiceProcess } from '../support/service-process.ts'

/** A statement of 20,000 lines. */
const STEPS = 1
const LINES_MIN = 20_000
const PIPELINED = 60
const ASSETS = 10_000
const RICH = 'user:9'
const AT = Date.UTC(2031, 0, 1)
/** When reads were on the calling thread, it was one. */
const ANSWERED_MIN = 10
const COINS = 'user:7'

describe('reads of a service on SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-reads-'))
  const path = join(folder, 'ledger.db')
  let service: ServiceProcess

  before(async () => {
    await (await openLedger(`sqlite:${path}`, { sweep: false })).close()
    fill(path)
    service = await ServiceProcess.start(`sqlite:${path}`)
  })

  after(async () => {
    await service.kill()
    rmSync(folder, { recursive: true })
  })

  test('others are answered while a statement is exported', async (t) => {
    const text = fetch(`${service.url}/v1/accounts/${BUSY}/postings/export?format=csv`).then((answer) => answer.text())
    const { result, answered } = await answeredDuring(service.url, text)
    assert.ok(result.split('\n').length > LINES_MIN)
    t.diagnostic(`${answered} other requests were answered meanwhile.`)
    assert.ok(answered >= ANSWERED_MIN, `${answered} answered`)
  })

  test('others are answered while one connection asks for many pages at once', async (t) => {
    const { answered } = await answeredDuring(service.url, pipelined(service.url))
    t.diagnostic(`${answered} other requests were answered meanwhile.`)
    assert.ok(answered >= ANSWERED_MIN, `${answered} answered`)
  })

  test('others are answered while an account with many assets is read as it was', async (t) => {
    const read = fetch(`${service.url}/v1/accounts/${RICH}?at=${AT}`).then(async (answer) => {
      await answer.arrayBuffer()
      assert.equal(answer.status, 200)
    })
    const { answered } = await answeredDuring(service.url, read)
    t.diagnostic(`${answered} other requests were answered meanwhile.`)
    assert.ok(answered >= ANSWERED_MIN, `${answered} answered`)
  })

  test('after SIGTERM a copy of the one file has every acknowledged coin', async () => {
    for (let count = 0; count < 20; count++) {
      const body = JSON.stringify({ requestId: `d${count}`, account: COINS, amount: '100' })
      const headers = { 'content-type': 'application/json' }
      assert.equal((await fetch(`${service.url}/v1/deposits`, { method: 'POST', headers, body })).status, 201)
    }
    assert.equal((await fetch(`${service.url}/v1/accounts/${COINS}`)).status, 200)
    assert.equal(await service.stop(), 0)
    assert.deepEqual(readdirSync(folder), ['ledger.db'])
    copyFileSync(path, join(folder, 'copy.db'))
    await using copy = await openLedger(`sqlite:${join(folder, 'copy.db')}`, { migrate: false, sweep: false })
    assert.equal((await copy.account(COINS)).balances[0]!.available, 2_000n)
  })
})

interface During<Result> {
  readonly result: Result
  /** Requests that began and ended within it. */
  readonly answered: number
}

async function answeredDuring<Result>(url: string, work: Promise<Result>): Promise<During<Result>> {
  let isOver = false
  const over = work.finally(() => (isOver = true))
  let answered = 0
  while (!isOver) {
    const answer = await fetch(`${url}/healthz`)
    await answer.arrayBuffer()
    if (!isOver) answered++
  }
  return { result: await over, answered }
}

/** Asks for one full page many times over one connection, without waiting for an answer. */
async function pipelined(url: string): Promise<void> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  const path = `/v1/accounts/${BUSY}/postings?limit=1000`
  const request = (last: boolean): string =>
    `GET ${path} HTTP/1.1\r\nhost: holdfast\r\n${last ? 'connection: close\r\n' : ''}\r\n`
  socket.write(Array.from({ length: PIPELINED }, (_, index) => request(index === PIPELINED - 1)).join(''))
  let answers = 0
  socket.on('data', (part: Buffer) => (answers += part.toString('latin1').split('HTTP/1.1 200').length - 1))
  await once(socket, 'close')
  // The head of an answer may be cut in two by the way that it came.
  assert.ok(answers > PIPELINED / 2, `${answers} answers`)
}

function fill(file: string): void {
  using database = new DatabaseSync(file)
  database.exec('PRAGMA synchronous = OFF; BEGIN')
  for (const sql of beginningSql()) database.exec(sql)
  for (let step = 0; step < STEPS; step++) for (const sql of holdsSql(step)) database.exec(sql)
  const numbers = `WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ASSETS})`
  database.exec(`
    INSERT INTO balances (id, account, asset, stripe, available, held, floor, version)
      ${numbers} SELECT 100 + i, '${RICH}', 'asset' || i, 0, i, 0, 0, 1 FROM n;
    INSERT INTO postings (balance_id, version, entry_id, kind, available_delta, held_delta, available, held, at)
      ${numbers} SELECT 100 + i, 1, 'x' || i, 'deposit', i, 0, i, 0, ${AT - 1} FROM n;
    COMMIT`)
}
