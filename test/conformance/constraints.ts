import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HoldRecord } from '../../src/domain/hold.ts'
import type { BalanceRecord } from '../../src/domain/balance.ts'
import type { Changes } from '../../src/domain/changes.ts'
import { deposit, freeze, open } from '../support/commands.ts'
import { Books, photograph } from './books.ts'
import type { OpenHarness } from './harness.ts'

/** Changes that the rules never make, derived from changes that they made. */
interface Breach {
  readonly title: string
  readonly make: (changes: Changes) => Changes
}

function withHolder(changes: Changes, alter: (holder: BalanceRecord) => Partial<BalanceRecord>): Changes {
  const balances = changes.balances.map(({ before, after }) =>
    after.account === 'user:8' ? { before, after: { ...after, ...alter(after) } } : { before, after },
  )
  return { ...changes, balances }
}

function withHold(changes: Changes, alter: Partial<HoldRecord>): Changes {
  return { ...changes, holdsOpened: changes.holdsOpened.map((hold) => ({ ...hold, ...alter })) }
}

/** The hold as a step of the same batch left it. */
function withStep(changes: Changes, alter: Partial<HoldRecord>): Changes {
  const [hold] = changes.holdsOpened
  const after = { ...hold!, ...alter, steps: 1 }
  const holdsStepped = [{ before: { state: after.state, steps: 0 }, after }]
  const holdSteps = [{ hold: after.id, number: 1, entry: 'step' }]
  return { ...changes, holdsOpened: [after], holdsStepped, holdSteps }
}

const BREACHES: readonly Breach[] = [
  { title: 'a balance that holds less than nothing', make: (changes) => withHolder(changes, () => ({ held: -1n })) },
  {
    title: 'a balance below its floor',
    make: (changes) => withHolder(changes, ({ available }) => ({ floor: available + 1n })),
  },
  { title: 'a hold whose amounts do not add up', make: (changes) => withHold(changes, { settled: 1n }) },
  {
    title: 'a hold that is open and ended',
    make: (changes) => withHold(changes, { end: { at: 1, fingerprint: 1, version: 1, payee: null } }),
  },
  {
    title: 'a hold of which more is refunded than was settled',
    make: (changes) => withStep(changes, { refunded: 1n }),
  },
  {
    title: 'a hold of which more is settled late than was drawn',
    make: (changes) => withStep(changes, { settledLate: 1n }),
  },
  {
    title: 'a hold that holds less than nothing',
    make: (changes) => withStep(changes, { held: -1n, settled: 61n }),
  },
  { title: 'a hold that is ended without an end', make: (changes) => withHold(changes, { state: 'released' }) },
]

export function describeConstraints(openHarness: OpenHarness): void {
  for (const { title, make } of BREACHES) {
    test(`${title} is refused, with all that comes along`, async () => {
      await using harness = await openHarness()
      const storage = await harness.open()
      const books = new Books(storage.store)
      await books.apply(deposit('d', 'user:8', 100n))
      const work = [deposit('e', 'user:9', 5n), freeze('h', 'user:8', 60n), open('o', 'user:10', 0n)]
      const before = await photograph(storage, books, ...work)
      const { changes } = await books.plan(...work)
      const refused = { name: 'Fault', code: 'store_refused', applied: 'no' }
      await assert.rejects(storage.store.commit(make(changes)), refused)
      await assert.rejects(
        storage.store.exclusive(books.footprint(...work), () => make(changes)),
        refused,
      )
      assert.deepEqual(await photograph(storage, books, ...work), before)
      await books.apply(...work)
      assert.equal((await storage.reader.hold('h'))?.held, 60n)
    })
  }
}
