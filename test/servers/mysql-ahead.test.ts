/** Commits that run ahead of their turn: one after another they take effect, and with the one before they fail. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { mysqlServers } from '../../harness/mysql-servers.ts'
import type { Command } from '../../src/domain/command.ts'
import { Cache } from '../../src/engine/cache.ts'
import type { Plan } from '../../src/domain/batch.ts'
import { Fault } from '../../src/engine/faults.ts'
import { openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import type { CommitResult } from '../../src/engine/store.ts'
import { deposit, freeze, release } from '../support/commands.ts'
import { MysqlLedger, until, type OpenTransaction } from '../support/mysql-ledger.ts'

const OPTIONS = { aheadRowsMin: 1 } as const
const AHEAD = '?ahead_rows_min=1'

/** Two batches of one user, the second decided on what the first one writes. */
async function twoPlans({ books }: MysqlLedger): Promise<readonly [Plan, Plan]> {
  await books.commit(deposit('funds', 'user:8', 1_000n))
  const [first, second] = [
    [freeze('a1', 'user:8', 1n), freeze('a2', 'user:8', 2n)],
    [freeze('b1', 'user:8', 4n), freeze('b2', 'user:8', 8n)],
  ] as const
  const cache = new Cache({ cacheRequestsMax: 100, cacheBalancesMax: 100 })
  cache.replace(await books.store.load(books.footprint(...first, ...second)))
  const plan = books.decide(first, cache)
  cache.apply(plan.changes)
  return [plan, books.decide(second, cache)]
}

type Ended = CommitResult | Fault['code']

async function commits(ledger: MysqlLedger, plans: readonly Plan[]): Promise<readonly Ended[]> {
  const codeOf = (error: unknown): Ended => {
    if (error instanceof Fault) return error.code
    throw error
  }
  return await Promise.all(plans.map(({ changes }) => ledger.storage.store.commit(changes).catch(codeOf)))
}

/** Which of the holds are there, and what the user has set aside. */
async function stateOf({ storage }: MysqlLedger): Promise<readonly [string, bigint | undefined]> {
  const found: string[] = []
  for (const id of ['a1', 'a2', 'b1', 'b2']) if ((await storage.reader.hold(id)) !== null) found.push(id)
  return [found.join(' '), (await storage.reader.account('user:8'))?.balances[0]?.held]
}

async function assertLawful({ storage }: MysqlLedger): Promise<void> {
  for (const check of storage.auditor.checks) assert.deepEqual(await storage.auditor.run(check, 3), [], check.title)
}

/** Whether a transaction has written requests and not committed them. */
function isAhead({ rowsModified }: OpenTransaction): boolean {
  return rowsModified >= 2
}

/** Runs both commits, the first of which waits for a lock of somebody else until `meanwhile` has run. */
async function heldUp(
  ledger: MysqlLedger,
  plans: readonly Plan[],
  meanwhile: (open: readonly OpenTransaction[]) => Promise<void>,
): Promise<readonly Ended[]> {
  const rival = await ledger.rival()
  await rival.query(`START TRANSACTION`)
  await rival.query(`SELECT id FROM balances WHERE account = 'user:8' FOR UPDATE`)
  const ended = commits(ledger, plans)
  let open: readonly OpenTransaction[] = []
  await until(
    async () => {
      open = await ledger.transactions()
      return open.some(isAhead)
    },
    'rows written ahead',
    5_000,
  )
  await meanwhile(open)
  await rival.query('ROLLBACK')
  return await ended
}

function describeAhead(url: string): void {
  test('both take effect, the second one after the first', async () => {
    await using ledger = await MysqlLedger.create(url, OPTIONS)
    const plans = await twoPlans(ledger)
    assert.deepEqual(await heldUp(ledger, plans, async () => {}), ['committed', 'committed'])
    assert.deepEqual(await stateOf(ledger), ['a1 a2 b1 b2', 15n])
    await assertLawful(ledger)
  })

  test('when the first one is stale, the second one is too, and leaves nothing', async () => {
    await using ledger = await MysqlLedger.create(url, OPTIONS)
    const plans = await twoPlans(ledger)
    await ledger.books.commit(deposit('more', 'user:8', 1n))
    assert.deepEqual(await commits(ledger, plans), ['stale', 'stale'])
    assert.deepEqual(await stateOf(ledger), ['', 0n])
    await ledger.books.commit(freeze('b1', 'user:8', 4n))
    assert.deepEqual(await stateOf(ledger), ['b1', 4n])
    await assertLawful(ledger)
  })

  test('a request id that is taken makes the second one stale, and not the first', async () => {
    await using ledger = await MysqlLedger.create(url, OPTIONS)
    const plans = await twoPlans(ledger)
    await ledger.books.commit(deposit('b2', 'user:9', 1n))
    assert.deepEqual(await commits(ledger, plans), ['committed', 'stale'])
    assert.deepEqual(await stateOf(ledger), ['a1 a2', 3n])
    await assertLawful(ledger)
  })

  for (const victim of ['first', 'second'] as const) {
    test(`when the connection of the ${victim} one is lost, nothing is half there`, async () => {
      await using ledger = await MysqlLedger.create(url, OPTIONS)
      const plans = await twoPlans(ledger)
      const ended = await heldUp(ledger, plans, async (open) => {
        const own = open.find((transaction) =>
          victim === 'first' ? transaction.isWaiting : !transaction.isWaiting && isAhead(transaction),
        )
        await ledger.database.query(`KILL ${own!.connectionId}`)
      })
      const [first, second] = ended
      if (victim === 'first') {
        assert.notEqual(first, 'committed')
        assert.deepEqual([second, await stateOf(ledger)], ['stale', ['', 0n]])
      } else {
        assert.equal(first, 'committed')
        assert.notEqual(second, 'committed')
        assert.deepEqual(await stateOf(ledger), ['a1 a2', 3n])
      }
      await assertLawful(ledger)
      await ledger.books.commit(deposit('later', 'user:8', 1n))
    })
  }

  test('a process that locks the balance in between makes the second one stale, without a deadlock', async () => {
    await using ledger = await MysqlLedger.create(url, OPTIONS)
    const other = await ledger.open(ledger.database.url())
    const plans = await twoPlans(ledger)
    let exclusive: Promise<CommitResult> = Promise.resolve('lock_timeout')
    const ended = await heldUp(ledger, plans, async () => {
      const work: readonly Command[] = [deposit('between', 'user:8', 1n)]
      const { footprint, decide } = {
        footprint: ledger.books.footprint(...work),
        decide: ledger.books.decide.bind(ledger.books),
      }
      exclusive = other.store.exclusive(footprint, (snapshot) => decide(work, snapshot).changes)
      await new Promise((resolve) => setTimeout(resolve, 100))
    })
    assert.deepEqual([...ended, await exclusive], ['committed', 'stale', 'committed'])
    assert.deepEqual(await stateOf(ledger), ['a1 a2', 3n])
    await assertLawful(ledger)
  })

  test('a process that writes the same request ids meets no deadlock that is not resolved', async () => {
    await using ledger = await MysqlLedger.create(url, OPTIONS)
    const other = await ledger.open(ledger.database.url())
    const plans = await twoPlans(ledger)
    let exclusive: Promise<Ended> = Promise.resolve('lock_timeout')
    const ended = await heldUp(ledger, plans, async () => {
      const work: readonly Command[] = [freeze('b1', 'user:8', 4n), freeze('c', 'user:8', 1n)]
      const footprint = ledger.books.footprint(...work)
      exclusive = other.store.exclusive(footprint, (snapshot) => ledger.books.decide(work, snapshot).changes)
      await new Promise((resolve) => setTimeout(resolve, 100))
    })
    const [first, second] = ended
    const third = await exclusive
    assert.equal(first, 'committed')
    // One of them wins; the other one has written nothing.
    assert.deepEqual([second, third].filter((end) => end === 'committed').length, 1, `${second} ${third}`)
    await assertLawful(ledger)
  })

  test('a busy user is served by commits that run ahead, and every answer is in the books', async () => {
    await using books = await MysqlLedger.create(url)
    const limits = { batchCommandsMax: 20 }
    await using ledger = await openLedger(books.database.url({ parameters: AHEAD }), { limits })
    await ledger.deposit({ account: 'user:8', amount: 100_000n })
    await lives(ledger, 400)
    assert.equal((await ledger.account('user:8')).balances[0]?.held, 0n)
    await assertLawful(books)
  })

  test('two processes whose commits run ahead on one user both make progress, without deadlocks', async () => {
    await using books = await MysqlLedger.create(url)
    const open = (houseStripe: number): Promise<EmbeddedLedger> =>
      openLedger(books.database.url({ parameters: AHEAD }), { houseStripe, limits: { batchCommandsMax: 5 } })
    await using one = await open(1)
    await using other = await open(2)
    await one.deposit({ account: 'user:8', amount: 100_000n })
    await Promise.all([lives(one, 300), lives(other, 300)])
    assert.equal((await one.account('user:8')).balances[0]?.held, 0n)
    assert.deepEqual([one.engine.stats.contended, other.engine.stats.contended], [0, 0])
    await assertLawful(books)
  })

  test('what is ended while its account is busy is ended once', async () => {
    await using ledger = await MysqlLedger.create(url, OPTIONS)
    const plans = await twoPlans(ledger)
    await commits(ledger, plans)
    await ledger.books.commit(release('a1'))
    assert.deepEqual(await stateOf(ledger), ['a1 a2 b1 b2', 14n])
  })
}

async function lives(ledger: EmbeddedLedger, count: number): Promise<void> {
  const holds = await Promise.all(Array.from({ length: count }, () => ledger.freeze({ account: 'user:8', amount: 3n })))
  await Promise.all(
    holds.map(({ id }, index) => (index % 2 === 0 ? ledger.settle(id, { amount: 2n }) : ledger.release(id))),
  )
}

for (const { name, url, reason } of mysqlServers()) {
  if (url === null) test(`commits ahead of their turn on ${name}`, { skip: reason }, () => {})
  else describe(`commits ahead of their turn on ${name}`, () => describeAhead(url))
}
