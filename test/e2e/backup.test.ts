/** `holdfast backup` during a busy service. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { openLedger } from '../../src/ledger.ts'
import { runHoldfast, ServiceProcess } from '../../harness/service-process.ts'

const CALLERS = 8
/** Commands of the load before the backup begins, and the least number of commands during it. */
const BEFORE = 400
const MEANWHILE_MIN = 10

class Load {
  /** Request ids of acknowledged commands, in order of acknowledgement. */
  readonly acknowledged: string[] = []
  readonly #url: string
  #isOver = false

  constructor(url: string) {
    this.#url = url
  }

  async until(count: number): Promise<void> {
    while (this.acknowledged.length < count) await new Promise((resolve) => setImmediate(resolve))
  }

  end(): void {
    this.#isOver = true
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: CALLERS }, (_, caller) => this.#call(caller)))
  }

  async #call(caller: number): Promise<void> {
    for (let count = 0; !this.#isOver; count++) {
      const requestId = `d-${caller}-${count}`
      const body = JSON.stringify({ requestId, account: `user:${caller}`, amount: '1' })
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(`${this.#url}/v1/deposits`, { method: 'POST', headers, body })
      await answer.arrayBuffer()
      assert.equal(answer.status, 201)
      this.acknowledged.push(requestId)
    }
  }
}

describe('backup', () => {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-backup-'))
  const store = `sqlite:${join(folder, 'ledger.db')}`
  const copy = join(folder, 'copies', 'copy.db')
  let service: ServiceProcess

  before(async () => {
    service = await ServiceProcess.start(store)
  })

  after(async () => {
    await service.kill()
    rmSync(folder, { recursive: true })
  })

  test('a folder that is not there is not made', async () => {
    const { exitCode, stderr } = await runHoldfast(['backup', copy, '--store', store])
    assert.deepEqual([exitCode, /There is no folder .*copies\. Make it first/.test(stderr)], [3, true])
    assert.ok(!readdirSync(folder).includes('copies'))
  })

  test('what was acknowledged before is in the copy, which keeps every law, and the service goes on meanwhile', async () => {
    const load = new Load(service.url)
    const running = load.run()
    await load.until(BEFORE)
    const before = [...load.acknowledged]
    const target = join(folder, 'copy.db')
    const made = await runHoldfast(['backup', target, '--store', store, '--json'])
    const meanwhile = load.acknowledged.length - before.length
    load.end()
    await running
    assert.equal(made.exitCode, 0, made.stderr)
    const said = JSON.parse(made.stdout) as Record<string, unknown>
    assert.deepEqual([said['store'], said['file'], said['ok'], said['broken']], [store, target, true, []])
    assert.ok(meanwhile >= MEANWHILE_MIN, `${meanwhile} commands meanwhile`)
    assert.equal((await runHoldfast(['verify', '--store', `sqlite:${target}`])).exitCode, 0)
    await using ledger = await openLedger(`sqlite:${target}`, { migrate: false, sweep: false })
    for (const id of before) assert.equal((await ledger.entry(id)).id, id)
    const [all, again] = [load.acknowledged.length, await runHoldfast(['backup', target, '--store', store])]
    assert.ok(all > before.length)
    assert.deepEqual([again.exitCode, /nothing is overwritten/.test(again.stderr)], [3, true])
  })

  test('a ledger with a broken law is refused with the law, and leaves no file', async () => {
    const broken = `sqlite:${join(folder, 'broken.db')}`
    assert.equal((await runHoldfast(['deposit', 'user:8', '5', '--store', broken])).exitCode, 0)
    const { DatabaseSync } = await import('node:sqlite')
    using database = new DatabaseSync(join(folder, 'broken.db'))
    database.exec(`UPDATE balances SET available = 6 WHERE account = 'user:8'`)
    const { exitCode, stdout } = await runHoldfast(['backup', join(folder, 'no.db'), '--store', broken])
    assert.deepEqual([exitCode, /1b .*\n.*3b .*\nholdfast verify shows the rows/.test(stdout)], [1, true], stdout)
    assert.ok(!readdirSync(folder).some((file) => file.startsWith('no.db')))
  })

  for (const [url, tool] of Object.entries({
    'mysql://db/x': 'mysqldump',
    'postgres://db/x': 'pg_dump',
    'memory:': 'nothing to copy',
  })) {
    test(`where the store is ${url.replace(/:.*/, '')}, it says what to use`, async () => {
      const { exitCode, stderr } = await runHoldfast(['backup', join(folder, 'server.db'), '--store', url])
      assert.deepEqual([exitCode, stderr.includes(tool)], [2, true], stderr)
    })
  }
})
