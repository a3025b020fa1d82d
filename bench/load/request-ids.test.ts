import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { isRequestId } from '../../src/domain/ids.ts'
import { ID_KINDS, requestIds } from './request-ids.ts'

describe('request ids', () => {
  for (const kind of ID_KINDS) {
    test(`of the kind ${kind} are valid, as long as a UUID, and different in every process`, () => {
      const [one, other] = [requestIds(kind, 0), requestIds(kind, 1)]
      const ids = Array.from({ length: 1_000 }, () => [one(), other()]).flat()
      assert.equal(new Set(ids).size, ids.length)
      for (const id of ids) assert.ok(isRequestId(id) && id.length === 36, id)
    })
  }

  test('ascend where they are made from the time or counted, and not where they are random', () => {
    const isAscending = (ids: readonly string[]): boolean =>
      ids.every((id, index) => index === 0 || ids[index - 1]! < id)
    const of = (kind: (typeof ID_KINDS)[number]): string[] => Array.from({ length: 100 }, requestIds(kind, 0))
    assert.ok(isAscending(of('v7')))
    assert.ok(isAscending(of('sequential')))
    assert.ok(!isAscending(of('v4')))
  })
})
