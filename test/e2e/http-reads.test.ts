/** The service on SQLite serves others during long reads, and leaves a single file when it stops. */
import assert from 'node:assert/strict'
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { openLedger } from '../../src/ledger.ts'
import { beginningSql, BUSY, holdsSql } from '../../harness/long-journal.ts'
import { answeredDuring, fill, pipelined, RICH, RICH_AT, richAccountSql } from '../../harness/reading-load.ts'
import { ServiceProcess } from '../../harness/service-process.ts'

/** Lines of the exported statement. */
const LINES_MIN = 20_000
const PIPELINED = 60
const ASSETS = 10_000
/** With reads on the calling thread, one was answered. */
const ANSWERED_MIN = 10
const COINS = 'user:7'

describe('reads of a service on SQLite', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-reads-'))
  const path = join(folder, 'ledger.db')
  let service: ServiceProcess

  before(async () => {
    await (await openLedger(`sqlite:${path}`, { sweep: false })).close()
    const database = new DatabaseSync(path)
    fill(database, [...beginningSql('sqlite'), ...holdsSql(0, 'sqlite'), ...richAccountSql(ASSETS)])
    database.close()
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
    const pages = pipelined(service.url, `/v1/accounts/${BUSY}/postings?limit=1000`, PIPELINED)
    const { answered, result } = await answeredDuring(service.url, pages)
    assert.ok(result > PIPELINED / 2, `${result} pages`)
    t.diagnostic(`${answered} other requests were answered meanwhile.`)
    assert.ok(answered >= ANSWERED_MIN, `${answered} answered`)
  })

  test('others are answered while an account with many assets is read as it was', async (t) => {
    const read = fetch(`${service.url}/v1/accounts/${RICH}?at=${RICH_AT}`).then(async (answer) => {
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
