/** Several service processes sweep one real database; one of them is killed during the sweep. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { HoldsInput } from '../../src/api/ledger.ts'
import type { Hold } from '../../src/domain/hold.ts'
import { systemClock } from '../../src/engine/clock.ts'
import { migrateLedger, openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { until } from '../support/mysql-ledger.ts'
import { realStores, type RealStore } from '../support/places.ts'
import { ServiceProcess } from '../../harness/service-process.ts'

const USERS = ['user:8', 'user:9', 'user:10', 'user:11']
const FUNDS = 100_000n
const HOLDS = 3_000
const AMOUNT = 5n
/** The amount that every third hold settles when it expires. */
const FEE = 2n
const PROCESSES = 3
const HOUR_MS = 3_600_000
/** Small pages, so that the holds take many rounds of all processes. */
const PACE = ['--expiry-interval-ms', '10', '--expiry-page-max', '40', '--expiry-round-max', '40']
/** Holds that are frozen when the victim is dead. */
const LATE = HOLDS / 3
/** The longest wait for the processes. */
const MS_MAX = 30_000

interface Frozen {
  readonly id: string
  readonly account: string
  readonly fee: bigint
}

function holdsToFreeze(): readonly Frozen[] {
  return Array.from({ length: HOLDS }, (_, index) => ({
    id: `h-${index}`,
    account: USERS[index % USERS.length]!,
    fee: index % 3 === 0 ? FEE : 0n,
  }))
}

async function freezeAll(ledger: EmbeddedLedger, holds: readonly Frozen[]): Promise<void> {
  await Promise.all(
    holds.map(({ id, account, fee }) =>
      ledger.freeze({
        requestId: id,
        account,
        amount: AMOUNT,
        expiresInMs: 1,
        ...(fee === 0n ? {} : { onExpiry: { settle: fee } }),
      }),
    ),
  )
}

async function leftCount({ storage }: EmbeddedLedger): Promise<number> {
  const all = { after: null, until: Number.MAX_SAFE_INTEGER, limit: 10_000, placesMax: 100_000 }
  return (await storage.reader.due(all)).holds.length
}

async function sweptBy({ url }: ServiceProcess): Promise<number> {
  const body = (await (await fetch(`${url}/readyz`)).json()) as { expiry: { swept: number } }
  return body.expiry.swept
}

/** Every expired hold, by its id. */
async function expiredHolds(ledger: EmbeddedLedger): Promise<ReadonlyMap<string, Hold>> {
  const holds = new Map<string, Hold>()
  let cursor: string | null = null
  do {
    const input: HoldsInput = { state: 'expired', limit: 1_000, ...(cursor === null ? {} : { cursor }) }
    const { items, next } = await ledger.holds(input)
    for (const hold of items) holds.set(hold.id, hold)
    cursor = next
  } while (cursor !== null)
  return holds
}

/** The kinds of the lines of every hold in the holders' statements. */
async function linesByHold(ledger: EmbeddedLedger): Promise<ReadonlyMap<string | null, readonly string[]>> {
  const lines = new Map<string | null, string[]>()
  for (const account of USERS) {
    for await (const { hold, kind } of ledger.exportPostings(account)) {
      lines.set(hold, [...(lines.get(hold) ?? []), kind])
    }
  }
  return lines
}

async function assertEndedOnce(ledger: EmbeddedLedger, frozen: readonly Frozen[]): Promise<void> {
  const [lines, expired] = [await linesByHold(ledger), await expiredHolds(ledger)]
  assert.equal(expired.size, frozen.length)
  for (const { id, fee } of frozen) {
    const { settled, released, held } = expired.get(id)!
    assert.deepEqual({ settled, released, held }, { settled: fee, released: AMOUNT - fee, held: 0n })
    assert.deepEqual(lines.get(id), [fee > 0n ? 'settle' : 'release', 'freeze'], id)
  }
  for (const account of USERS) {
    const fees = frozen.filter((hold) => hold.account === account).reduce((sum, { fee }) => sum + fee, 0n)
    const [balance] = (await ledger.account(account)).balances
    assert.deepEqual([balance?.available, balance?.held], [FUNDS - fees, 0n], account)
  }
  const { auditor } = ledger.storage
  for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 3), [], check.title)
}

function describeSweeping({ open }: RealStore): void {
  test('each hold that is due is ended once by several processes, also when one is killed in the middle', async (t) => {
    await using place = await open()
    await migrateLedger(place.url)
    // One hour ago, so that a hold is due as soon as it is opened.
    const clock = { ...systemClock, now: () => Date.now() - HOUR_MS }
    const limits = { clockDifferenceMsMax: 3 * HOUR_MS }
    await using ledger = await openLedger(place.url, { sweep: false, clock, limits })
    const holds = holdsToFreeze()
    const services = await Promise.all(
      Array.from({ length: PROCESSES }, () => ServiceProcess.start(place.url, ['--log-level', 'warn', ...PACE])),
    )
    try {
      const [victim, ...others] = services
      for (const account of USERS) await ledger.deposit({ account, amount: FUNDS })
      const frozen = freezeAll(ledger, holds.slice(LATE))
      await until(async () => (await sweptBy(victim!)) > 0, 'the victim to end some holds', MS_MAX)
      await victim!.kill()
      const left = HOLDS - (await expiredHolds(ledger)).size
      await frozen
      // The others may have ended most of those by now.
      await freezeAll(ledger, holds.slice(0, LATE))
      await until(async () => (await leftCount(ledger)) === 0, 'the others to end the rest', MS_MAX)
      const swept = await Promise.all(others.map(sweptBy))
      t.diagnostic(`${left} of ${HOLDS} were left at the kill; the others ended ${swept.join(' and ')} in all.`)
      for (const count of swept) assert.ok(count > 0, 'every process takes part')
      const sweptCount = swept.reduce((sum, count) => sum + count)
      assert.ok(sweptCount < HOLDS, 'the victim had its part')
      for (const service of others) assert.equal(await service.stop(), 0, service.log)
      await assertEndedOnce(ledger, holds)
    } finally {
      await Promise.all(services.map((service) => service.kill()))
    }
  })
}

for (const store of realStores()) {
  describe(`expiry on ${store.name}`, { skip: store.skip }, () => describeSweeping(store))
}
