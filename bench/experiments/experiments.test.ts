import assert from 'node:assert/strict'
import { test } from 'node:test'
import { prometheusUnderTest } from '../../harness/prometheus.ts'
import { openScratchServer } from '../databases/scratch.ts'
import { labStores } from '../stores.ts'
import { askAboutRates } from './alert-threshold.ts'
import { holdRow } from './stranger.ts'
import { compareIndex } from './version-index.ts'

test(
  'the alert of the write-up is about a number per second, whatever the share',
  { skip: prometheusUnderTest() },
  async () => {
    const figures = await askAboutRates()
    for (const { timeoutsPerSecond, freezesPerSecond, rate, fires, share, shareFires } of figures) {
      assert.equal(rate, timeoutsPerSecond)
      assert.equal(share, Number((timeoutsPerSecond / freezesPerSecond).toPrecision(3)))
      assert.deepEqual([fires, shareFires], [timeoutsPerSecond > 0.1, share > 0.1])
    }
    const wrong = figures.map(({ fires, shareFires }) => fires !== shareFires)
    assert.deepEqual(wrong, [true, true, true, true])
  },
)

for (const { name, url } of labStores().filter((store) => ['mysql', 'mariadb'].includes(store.name))) {
  test(`the index on (id, version) is compared on ${name}`, async () => {
    await using server = await openScratchServer(url)
    const figures = await compareIndex(server, { users: 50, swapsPerRound: 200, rounds: 1 })
    assert.deepEqual(
      figures.map(({ indexed, indexBytes }) => [indexed, indexBytes !== null && indexBytes > 0]),
      [
        [false, false],
        [true, true],
      ],
    )
    for (const { swapsPerSecond, usedKey } of figures) {
      assert.ok(swapsPerSecond > 0)
      assert.match(usedKey, /^(?:PRIMARY|idx_users_id_version)$/)
    }
  })

  test(`a stranger that holds a row delays its user, with exact books, on ${name}`, async () => {
    await using server = await openScratchServer(url)
    const figures = await holdRow(server, { beforeMs: 400, heldMs: 1_600, afterMs: 1_500 })
    assert.equal(figures.length, 7)
    for (const { hot, others, consistent, strategy, lockTimeoutMs } of figures) {
      const label = `${strategy} ${lockTimeoutMs}`
      assert.ok(consistent, label)
      assert.deepEqual([hot.calls, others.calls], [18, 53], label)
      assert.ok(hot.longestMs > 1_000 && hot.servedShare < 1, label)
    }
  })
}
