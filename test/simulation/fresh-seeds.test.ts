/** Half a minute of simulations with new seeds. */
import assert from 'node:assert/strict'
import { randomInt } from 'node:crypto'
import { test } from 'node:test'
import { runCampaign } from './campaign.ts'
import { replayCommand, shrink } from './shrinking.ts'

const CAMPAIGN_MS = 30_000
const SHRINKING_MS = 20_000
/** A lower number would mean that the simulation has become slow: it plays 10 to 80 a second, depending on the load of the machine. */
const SEEDS_LEAST = 30

test('whatever fails around the engines, every law holds and no answer contradicts another', async (t) => {
  const firstSeed = randomInt(2 ** 31)
  t.diagnostic(`seeds from ${firstSeed}`)
  const { tally, failure } = await runCampaign({ firstSeed, msMax: CAMPAIGN_MS })
  const faults = [...tally.hits.values()].reduce((sum, count) => sum + count, 0)
  t.diagnostic(`${tally.seeds} seeds, ${tally.calls} calls, ${tally.commits} commits, ${faults} faults`)
  if (failure !== null) {
    const { kept, report } = await shrink(failure, SHRINKING_MS)
    const broken = report.violations.map(({ law, what }) => `law ${law}: ${what}`).join('\n')
    assert.fail(`Seed ${failure.seed}: ${replayCommand(failure.seed, kept)}\n${broken}`)
  }
  assert.ok(tally.seeds >= SEEDS_LEAST, `only ${tally.seeds} seeds`)
})
