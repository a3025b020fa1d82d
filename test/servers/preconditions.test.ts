/** "Only if unchanged" on every real store, between two processes' worth of ledgers on one database, and through a service. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { connect } from '../../src/client/index.ts'
import { migrateLedger, openLedger } from '../../src/ledger.ts'
import { ServiceProcess } from '../../harness/service-process.ts'
import { realStores } from '../support/places.ts'
import { PRECONDITION_STORIES } from '../support/precondition-stories.ts'

for (const { name, skip, open } of realStores()) {
  describe(name, { skip }, () => {
    for (const { name: what, play } of PRECONDITION_STORIES) {
      test(`${what}, in process`, async () => {
        await using place = await open()
        await migrateLedger(place.url)
        await using one = await openLedger(place.url, { houseStripe: 1 })
        await using other = await openLedger(place.url, { houseStripe: 2 })
        await play(one, other)
        const { auditor } = one.storage
        for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 3), [], check.title)
      })
    }

    test('thirty requests that see a low balance top it up once, through two services', async () => {
      await using place = await open()
      await migrateLedger(place.url)
      await using service = await ServiceProcess.start(place.url, ['--house-stripe', '1'])
      await using second = await ServiceProcess.start(place.url, ['--house-stripe', '2'])
      await using one = connect(service.url)
      await using other = connect(second.url)
      await PRECONDITION_STORIES.find(({ name: what }) => what.startsWith('thirty'))!.play(one, other)
    })
  })
}
