/** The largest page of every list is about a megabyte, whatever callers attach to their requests. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PAGE_BYTES_MAX, PAGE_LIMIT_MAX } from '../../src/domain/page.ts'
import { HttpService } from '../support/http-service.ts'

/** The largest metadata, about 35 kB as JSON, and the longest names. */
const METADATA = Object.fromEntries(
  Array.from({ length: 32 }, (_, key) => [`k${key}`.padEnd(64, '_'), '"'.repeat(512)]),
)
const METADATA_BYTES = JSON.stringify(METADATA).length
const NAME = 'u'.repeat(128)
const ROWS = Math.ceil(PAGE_BYTES_MAX / METADATA_BYTES) + 5
/** A transfer of so many legs is a row of more than 200 kB. */
const LEGS = 500

test('no page is larger than a page may be and one row more', async () => {
  await using service = await HttpService.start()
  const applied = async (path: string, body: object): Promise<void> => {
    const { status, text } = await service.post(path, body)
    assert.ok(status === 200 || status === 201, text)
  }
  await applied('/v1/deposits', { account: NAME, amount: 1_000_000, metadata: METADATA })
  await applied('/v1/holds', { requestId: 'long', account: NAME, amount: 1_000, metadata: METADATA })
  for (let row = 0; row < ROWS; row++) {
    await applied('/v1/deposits', { account: NAME, amount: 1, memo: '"'.repeat(256), metadata: METADATA })
    await applied('/v1/holds', { account: NAME, amount: 1, metadata: METADATA })
    await applied('/v1/holds/long/settle', { amount: 1, final: false })
  }
  const legs = Array.from({ length: LEGS }, (_, leg) => ({ from: NAME, to: `${leg}`.padEnd(128, 'r'), amount: 1 }))
  for (let row = 0; row < 8; row++) await applied('/v1/transfers', { legs, metadata: METADATA })
  for (const path of [
    `/v1/holds?limit=${PAGE_LIMIT_MAX}`,
    `/v1/holds?account=${NAME}&limit=${PAGE_LIMIT_MAX}`,
    `/v1/holds/long/history?limit=${PAGE_LIMIT_MAX}`,
    `/v1/accounts/${NAME}/postings?limit=${PAGE_LIMIT_MAX}`,
    `/v1/entries?limit=${PAGE_LIMIT_MAX}`,
  ]) {
    let next: string | null = null
    let pagesCount = 0
    do {
      const { status, text, body } = await service.get(next === null ? path : `${path}&cursor=${next}`)
      assert.equal(status, 200, text)
      const items = Object.values(body).find(Array.isArray) as unknown[]
      const rowBytes = Math.max(...items.map((item) => JSON.stringify(item).length), 0)
      assert.ok(text.length <= PAGE_BYTES_MAX + rowBytes, `${path}: ${text.length} bytes, rows of up to ${rowBytes}`)
      // The feed has always a place to go on from.
      next = items.length === 0 ? null : ((body['next'] ?? null) as string | null)
      pagesCount += 1
    } while (next !== null)
    assert.ok(pagesCount > 1, path)
  }
})
