import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HoldEnd, HoldRecord } from '../../src/domain/hold-record.ts'
import type { BalanceRecord } from '../../src/domain/balance.ts'
import type { Changes } from '../../src/domain/changes.ts'
import { deposit, freeze, open, release, settlePart } from '../support/commands.ts'
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

/** The freeze of a hold to which nothing happens in the batch. */
function withFreeze(changes: Changes, alter: Partial<HoldRecord>): Changes {
  const holdsOpened = changes.holdsOpened.map((hold) => (hold.id === 'plain' ? { ...hold, ...alter } : hold))
  return { ...changes, holdsOpened }
}

/** A hold as a change of the same batch left it: `part` by a step, `ended` by an end that is no step. */
function withChange(changes: Changes, id: 'part' | 'ended', alter: Partial<HoldRecord>): Changes {
  const holdChanges = changes.holdChanges.map(({ after, step }) => ({
    after: after.id === id ? { ...after, ...alter } : after,
    step,
  }))
  return { ...changes, holdChanges }
}

const EARLIER_END: HoldEnd = { number: 7, at: 1, fingerprint: 1, settled: 0n, version: 1, payee: null, by: null }

const BREACHES: readonly Breach[] = [
  { title: 'a balance that holds less than nothing', make: (changes) => withHolder(changes, () => ({ held: -1n })) },
  {
    title: 'a balance below its floor',
    make: (changes) => withHolder(changes, ({ available }) => ({ floor: available + 1n })),
  },
  {
    title: 'a balance that owes more than it is below its floor',
    make: (changes) => withHolder(changes, () => ({ debt: 1n })),
  },
  { title: 'a balance that owes less than nothing', make: (changes) => withHolder(changes, () => ({ debt: -1n })) },
  { title: 'a hold that freezes less than nothing', make: (changes) => withFreeze(changes, { amount: -1n }) },
  {
    title: 'a step after which the amounts do not add up',
    make: (changes) => withChange(changes, 'part', { settled: 6n }),
  },
  {
    title: 'an end after which the amounts do not add up',
    make: (changes) => withChange(changes, 'ended', { released: 4n }),
  },
  {
    title: 'an end that leaves its hold open',
    make: (changes) => withChange(changes, 'ended', { state: 'open', held: 10n, released: 0n }),
  },
  {
    title: 'a hold that is open after its end',
    make: (changes) => withChange(changes, 'part', { end: EARLIER_END }),
  },
  {
    title: 'a hold of which more is refunded than was settled',
    make: (changes) => withChange(changes, 'part', { refunded: 6n }),
  },
  {
    title: 'a hold of which more is settled late than was drawn',
    make: (changes) => withChange(changes, 'part', { settledLate: 1n }),
  },
  {
    title: 'a hold that holds less than nothing',
    make: (changes) => withChange(changes, 'part', { held: -1n, settled: 61n }),
  },
]

export function describeConstraints(openHarness: OpenHarness): void {
  for (const { title, make } of BREACHES) {
    test(`${title} is refused, with all that comes along`, async () => {
      await using harness = await openHarness()
      const storage = await harness.open()
      const books = new Books(storage.store)
      await books.apply(deposit('d', 'user:8', 100n))
      const work = [
        deposit('e', 'user:9', 5n),
        freeze('plain', 'user:8', 1n),
        freeze('part', 'user:8', 60n),
        settlePart('p', 'part', 5n),
        freeze('ended', 'user:8', 10n),
        release('ended'),
        open('o', 'user:10', 0n),
      ]
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
      assert.equal((await storage.reader.hold('part'))?.held, 55n)
    })
  }
}
