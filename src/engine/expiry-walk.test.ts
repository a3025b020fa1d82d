/** Holds at places that a sweeper has passed already are ended too, and a look passes a bounded number of places. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { amend, freeze, settle } from '../../test/support/commands.ts'
import { Site, TTL_MS, type SweepingProcess } from '../../test/support/sweeping.ts'
import { ENGINE_LIMITS } from './limits.ts'
import type { DueQuery } from './reader.ts'

const INTERVAL_MS = ENGINE_LIMITS.expiryIntervalMs

/** Opens a hold whose commit takes effect `lateMs` after it was decided. */
async function freezeLate(site: Site, id: string, lateMs: number): Promise<void> {
  const process = site.process()
  // It numbers its requests from another place than other processes.
  site.clock.chance = 0.9
  let openGate = (): void => {}
  process.store.gate = new Promise((resolve) => (openGate = resolve))
  const done = process.engine.submit(freeze(id, 'user:8', 1n, { expiresInMs: 1_000 })).catch(() => undefined)
  await site.clock.advance(lateMs)
  openGate()
  await done
  await site.clock.advance(1)
  assert.equal(await process.stateOf(id), 'open')
}

/** Holds that were opened and settled: places that a walk has to pass. */
async function lives(process: SweepingProcess, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    await process.do(freeze(`life-${index}`, 'user:9', 1n, { expiresInMs: 500 }))
    await process.do(settle(`life-${index}`, 1n))
  }
}

test('a hold that comes to a place behind the front is ended soon, however many ended ones are around it', async () => {
  await using site = new Site()
  const process = site.process({ expiryPlacesMax: 5, expiryPatrolPlacesMax: 5 })
  await process.give()
  await lives(process, 50)
  process.sweeper.start()
  await site.clock.advance(10_000)
  await freezeLate(site, 'late', 20_000)
  await site.clock.advance(15 * INTERVAL_MS)
  assert.equal(await process.stateOf('late'), 'expired')
})

test('a hold that comes to a place which was passed long ago is ended by the patrol', async () => {
  await using site = new Site()
  const process = site.process({ expiryPlacesMax: 5, expiryPatrolPlacesMax: 5, expiryTrailMs: 1_000 })
  await process.give()
  await lives(process, 50)
  process.sweeper.start()
  await site.clock.advance(10_000)
  await freezeLate(site, 'late', 600_000)
  await site.clock.advance(15 * INTERVAL_MS)
  assert.equal(await process.stateOf('late'), 'expired')
})

test('what became due long before a process started is ended within some rounds, and what is due now in the first one', async () => {
  await using site = new Site()
  const before = site.process()
  await before.give()
  await lives(before, 100)
  const long = await before.freeze(20, 'long-')
  await site.clock.advance(2 * 3_600_000)
  await before.do(freeze('now', 'user:8', 1n, { expiresInMs: 500 }))
  await site.clock.advance(1_000)
  const process = site.process({ expiryPlacesMax: 10 })
  process.sweeper.start()
  await site.clock.advance(INTERVAL_MS)
  assert.equal(await process.stateOf('now'), 'expired')
  await site.clock.advance(3 * INTERVAL_MS)
  for (const hold of long) assert.equal(await process.stateOf(hold), 'expired', hold)
})

test('a hold that was extended is ended at its new expiry, once, and not before it', async () => {
  await using site = new Site()
  const process = site.process({ expiryPlacesMax: 2, expiryPatrolPlacesMax: 2 })
  await process.give()
  await lives(process, 10)
  await process.do(freeze('h', 'user:8', 5n, { expiresInMs: 1_000 }))
  for (let index = 1; index <= 5; index++) await process.do(amend(`a${index}`, 'h', { expiresInMs: index * 10_000 }))
  process.sweeper.start()
  await site.clock.advance(49_000)
  assert.deepEqual([await process.stateOf('h'), process.submitted], ['open', []])
  await site.clock.advance(1_000 + 1.25 * INTERVAL_MS)
  assert.deepEqual([await process.stateOf('h'), process.submitted], ['expired', ['h']])
})

test('a hold whose expiry was moved closer is ended then', async () => {
  await using site = new Site()
  const process = site.process()
  await process.give()
  await process.do(freeze('h', 'user:8', 5n, { expiresInMs: 3_600_000 }))
  process.sweeper.start()
  await site.clock.advance(60_000)
  await process.do(amend('a', 'h', { expiresInMs: 1_000 }))
  await site.clock.advance(1_000 + 1.25 * INTERVAL_MS)
  assert.equal(await process.stateOf('h'), 'expired')
})

test('no look passes more places than its limit, and a round that finds nothing looks a few times only', async () => {
  await using site = new Site()
  const queries: DueQuery[] = []
  const { reader } = site.process().storage
  const limits = { expiryPlacesMax: 50, expiryPatrolPlacesMax: 3 }
  const process = site.process(limits, {
    reader: {
      due: (query) => {
        queries.push(query)
        return reader.due(query)
      },
    },
  })
  await process.give()
  await process.freeze(200)
  await lives(process, 100)
  process.sweeper.start()
  await site.clock.advance(TTL_MS + 20 * INTERVAL_MS)
  assert.equal(await process.openCount(), 0)
  assert.ok(Math.max(...queries.map(({ placesMax }) => placesMax)) <= 50)
  queries.length = 0
  const { rounds } = process.sweeper.status
  await site.clock.advance(10 * INTERVAL_MS)
  assert.ok(queries.length <= 4 * (process.sweeper.status.rounds - rounds), `${queries.length} looks`)
  assert.equal(
    Math.max(...queries.filter(({ until }) => until < site.clock.now() - 60_000).map((each) => each.placesMax), 0),
    0,
  )
  // Those of the patrol and the trail pass few places.
  const again = queries.filter(({ after }) => after === null || after.expiresAt < site.clock.now() - 15_000)
  assert.ok(again.length > 0 && again.every(({ placesMax }) => placesMax === 3))
})
