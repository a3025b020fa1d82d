/** Several processes write one real database, one is stopped for a while and one is killed: the feed has each entry once, for everybody in one order. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { MysqlDatabase, mysqlServers } from '../../harness/mysql-servers.ts'
import { PostgresDatabase, WITHOUT_POSTGRES } from '../../harness/postgres-database.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import type { Ledger } from '../../src/api/ledger.ts'
import { connect } from '../../src/client/index.ts'
import type { Entry } from '../../src/domain/journal.ts'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { realStores, type RealStore } from '../support/places.ts'

const PROCESSES = 3
/** Rounds of a writer; each has a deposit, a transfer to a user that all share, a freeze, and its end. */
const ROUNDS = 25
const STOPPED_MS = 700

/** Reads the feed to its present end again and again, until it is told to stop. */
class Follower {
  readonly entries: Entry[] = []
  readonly #ledger: Ledger
  readonly #limit: number
  #cursor: string | undefined
  #isDone = false

  constructor(ledger: Ledger, limit: number) {
    this.#ledger = ledger
    this.#limit = limit
  }

  async run(): Promise<void> {
    while (!this.#isDone) {
      await this.#toEnd()
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
    await this.#toEnd()
  }

  finish(): void {
    this.#isDone = true
  }

  async #toEnd(): Promise<void> {
    for (let more = true; more;) {
      const cursor = this.#cursor
      const page = await this.#ledger.entries({ limit: this.#limit, ...(cursor === undefined ? {} : { cursor }) })
      this.entries.push(...page.items)
      this.#cursor = page.next
      more = page.more
    }
  }
}

async function write(ledger: Ledger, name: string): Promise<void> {
  for (let round = 0; round < ROUNDS; round++) {
    const id = `${name}-${round}`
    await ledger.deposit({ requestId: `d-${id}`, account: `user:${name}`, amount: 10n })
    await Promise.all([
      ledger.transfer({ requestId: `t-${id}`, legs: [{ from: `user:${name}`, to: 'user:shared', amount: 2n }] }),
      ledger.freeze({ requestId: `h-${id}`, account: `user:${name}`, amount: 5n }),
    ])
    await ledger.settle(`h-${id}`, { amount: 3n })
  }
}

function idsOf(name: string): readonly string[] {
  return Array.from({ length: ROUNDS }, (_, round) => `${name}-${round}`).flatMap((id) => [
    `d-${id}`,
    `t-${id}`,
    `h-${id}`,
    `h-${id}~settle`,
  ])
}

/** The versions of each balance follow each other: nothing is missing, twice, or before what it rests on. */
function assertInOrder(entries: readonly Entry[]): void {
  const versions = new Map<string, number>()
  for (const { id, postings } of entries) {
    for (const { account, asset, stripe, version } of postings) {
      const key = `${account} ${asset} ${stripe}`
      assert.equal(version, (versions.get(key) ?? 0) + 1, `${id}: version of ${key}`)
      versions.set(key, version)
    }
  }
}

function describeProcesses({ open }: RealStore): void {
  test('the feed has every entry once, in one order, while processes write, stop and die', async (t) => {
    await using place = await open()
    await migrateLedger(place.url)
    const services = await Promise.all(
      Array.from({ length: PROCESSES }, () => ServiceProcess.start(place.url, ['--log-level', 'warn'])),
    )
    const clients = services.map(({ url }) => connect(url, { limits: { callTimeoutMsDefault: 60_000 } }))
    await using library = await openLedger(place.url, { sweep: false })
    const followers = [new Follower(clients[0]!, 1000), new Follower(library, 7)]
    try {
      const following = Promise.all(followers.map((follower) => follower.run()))
      const [first, stopped, killed] = services
      const writing = Promise.all([write(clients[0]!, 'a'), write(clients[1]!, 'b')])
      // Its calls fail when it dies; what became of them is found by their ids.
      const dying = write(clients[2]!, 'c').catch(() => undefined)
      await new Promise((resolve) => setTimeout(resolve, STOPPED_MS))
      process.kill(stopped!.pid, 'SIGSTOP')
      await new Promise((resolve) => setTimeout(resolve, STOPPED_MS))
      await killed!.kill()
      await clients[2]!.close()
      process.kill(stopped!.pid, 'SIGCONT')
      await Promise.all([writing, dying])
      await write(clients[0]!, 'c')
      await new Promise((resolve) => setTimeout(resolve, 50))
      for (const follower of followers) follower.finish()
      await following
      const expected = ['a', 'b', 'c'].flatMap(idsOf)
      for (const { entries } of followers) {
        assert.deepEqual(entries.map(({ id }) => id).toSorted(), expected.toSorted())
        assertInOrder(entries)
      }
      assert.deepEqual(followers[1]!.entries, followers[0]!.entries)
      t.diagnostic(`${expected.length} entries; ${first!.url} served them.`)
    } finally {
      await Promise.all(clients.map((client) => client.close()))
      await Promise.all(services.map((service) => service.kill()))
    }
  })
}

/** A commit that has its number, and is not visible: the feed goes on without it, and has it when it is. */
async function lateCommit(url: string, rival: (sql: string) => Promise<readonly unknown[]>): Promise<void> {
  await using ledger = await openLedger(url, { sweep: false })
  await ledger.deposit({ requestId: 'd1', account: 'user:8', amount: 1n })
  const ids = async (cursor: string | null): Promise<readonly [readonly string[], string]> => {
    const page = await ledger.entries(cursor === null ? {} : { cursor })
    assert.equal(page.more, false)
    return [page.items.map(({ id }) => id), page.next]
  }
  const [before, cursor] = await ids(null)
  assert.deepEqual(before, ['d1'])
  const [deposited] = (await rival('SELECT seq FROM requests')) as { seq: unknown }[]
  await rival('BEGIN')
  await rival(`INSERT INTO commits (entries) VALUES ('[${String(deposited!.seq)}]')`)
  await ledger.deposit({ requestId: 'd2', account: 'user:8', amount: 1n })
  const [meanwhile, next] = await ids(cursor)
  assert.deepEqual(meanwhile, ['d2'])
  await rival('COMMIT')
  const [after, last] = await ids(next)
  assert.deepEqual(after, ['d1'])
  assert.deepEqual((await ids(last))[0], [])
  // Everybody who reads later finds them in the same order.
  assert.deepEqual((await ids(null))[0], ['d1', 'd2', 'd1'])
  const [row] = (await rival('SELECT COUNT(*) AS left_over FROM commits')) as { left_over: unknown }[]
  assert.equal(Number(row!.left_over), 0)
}

for (const store of realStores()) {
  describe(`the feed of ${store.name}`, { skip: store.skip }, () => describeProcesses(store))
}

for (const { name, url, reason } of mysqlServers()) {
  test(`a late commit of ${name} is fed when it is visible`, { skip: url === null && reason }, async () => {
    await using database = await MysqlDatabase.create(url!)
    await migrateLedger(database.url())
    await lateCommit(database.url(), (sql) => database.query(sql))
  })
}

test('a late commit of postgres is fed when it is visible', { skip: WITHOUT_POSTGRES }, async () => {
  await using database = await PostgresDatabase.create()
  await migrateLedger(database.url())
  await lateCommit(database.url(), async (sql) => (await database.client.query(sql)).rows as unknown[])
})
