/**
 * Some seconds of the simulation's workload on a real database that several processes share. For longer runs: `npm run simulate -- --store
 * URL`.
 */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { serverUnderTest } from '../../harness/stores.ts'
import { keepHistory, runLiveCampaign } from './campaign.ts'
import { lineOf } from './sums.ts'

/** The duration of the load. The quiet end and the audit together take about as long again. */
const LOAD_MS = 7_000
const ENGINES = 3
const SEEDS = 2 ** 31

export function describeLiveRun(name: 'sqlite' | 'mysql' | 'mariadb' | 'postgres'): void {
  const { url, reason } = name === 'sqlite' ? { url: 'sqlite:', reason: '' } : serverUnderTest(name)
  const skip = url === null && reason
  test(
    'whatever becomes of the processes that share a database, every law holds and no answer contradicts another',
    { skip },
    async (t) => {
      const stores = [url!]
      const firstSeed = randomInt(SEEDS)
      const { tally, failure } = await runLiveCampaign({ stores, engines: ENGINES, firstSeed, loadMs: LOAD_MS })
      t.diagnostic(`Seed ${firstSeed}: ${tally.calls} calls, ${tally.postings} postings.`)
      if (failure !== null) {
        const file = await keepHistory(failure)
        const found = failure.violations.slice(0, 5).map(({ law, what }) => `law ${law}: ${what}`)
        const where = `The history is in ${file}, the rows are in ${failure.database}.`
        assert.fail([lineOf(failure), ...found, where].join('\n'))
      }
      for (const law of [0, 1, 2, 3, 4, 5, 6, 7, 8])
        assert.ok((tally.checks.get(law) ?? 0) > 0, `law ${law} was checked`)
      assert.ok((tally.answers.get('applied') ?? 0) > 0, 'something was applied')
    },
  )
}
