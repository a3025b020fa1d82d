import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EmbeddedLedger } from '../ledger.ts'
import { openTarget } from './target.ts'

test('a command that ends at once leaves holds that are due to the processes that stay', async () => {
  for (const access of ['read', 'write'] as const) {
    await using ledger = await openTarget({ store: 'memory:' }, access)
    assert.equal((ledger as EmbeddedLedger).sweeper, null, access)
  }
})
