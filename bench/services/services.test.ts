import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openScratchServer } from '../databases/scratch.ts'
import { labStores } from '../stores.ts'
import { countsIn } from './counts.ts'
import { measureServices } from './services.ts'

for (const { name, url } of labStores().filter(({ name: store }) => store !== 'sqlite')) {
  test(`two services on ${name} are measured by how callers choose, and their books are right`, async () => {
    await using server = await openScratchServer(url)
    for (const routing of ['any', 'home'] as const) {
      const options = { services: 2, routing, callers: 8, users: 32, seconds: 0.5, warmUpSeconds: 0.1 }
      const result = await measureServices(server, options)
      assert.deepEqual(result.findings, [])
      assert.ok(result.commandsPerSecond > 0 && result.p50Ms > 0 && result.p99Ms >= result.p50Ms)
      assert.ok(result.commandsPerBatch >= 1 && result.commandsPerBatch <= 4, 'a service has half of the callers')
      if (routing === 'home') assert.equal(result.conflictShare, 0)
    }
  })
}

test('the counts of several services are added up', () => {
  const text = (batches: number, stale: number): string =>
    `holdfast_batch_commands_bucket{le="1"} 1
holdfast_batch_commands_sum ${batches * 3}
holdfast_batch_commands_count ${batches}
holdfast_conflicts_total{kind="stale"} ${stale}
holdfast_conflicts_total{kind="deadlock"} 1
holdfast_conflicts_total{kind="doubt"} 5
`
  assert.deepEqual(countsIn([text(10, 2), text(20, 0)]), { batches: 30, commands: 90, conflicts: 4 })
})
