import assert from 'node:assert/strict'
import { test } from 'node:test'
import { cohort } from './cohort.ts'

const ACCOUNTS = Array.from({ length: 20_000 }, (_, index) => `user:${index}`)

test('a cohort has about its percentage of the accounts', () => {
  for (const percent of [0, 0.5, 5, 50, 100]) {
    const count = ACCOUNTS.filter(cohort({ percent })).length
    assert.ok(Math.abs(count - percent * 200) <= 4 * Math.sqrt(percent * 200), `${count} of 20,000 are ${percent} %`)
  }
})

test('a larger percentage has all accounts of a smaller one', () => {
  const larger = cohort({ percent: 21 })
  for (const account of ACCOUNTS.filter(cohort({ percent: 20 }))) assert.ok(larger(account), account)
})

test('an account keeps its place in every process and every version', () => {
  const smallest = (account: string): number => {
    let percent = 0
    while (!cohort({ percent: percent / 100 })(account)) percent += 1
    return percent
  }
  assert.deepEqual(
    ['user:1', 'user:2', 'user:8', 'jo+x@example.org', 'a'].map(smallest),
    [3_600, 3_279, 2_950, 2_663, 1_716],
  )
})

test('accounts with a prefix belong to the cohort at every percentage, house accounts never', () => {
  const rule = cohort({ prefixes: ['test:', 'staff:'] })
  assert.deepEqual(['test:1', 'staff:7', 'user:1', 'tes'].map(rule), [true, true, false, false])
  assert.equal(cohort({ percent: 100, prefixes: ['@'] })('@revenue'), false)
})

test('a percentage that is out of range is refused', () => {
  for (const percent of [-1, 100.1, Number.NaN]) {
    assert.throws(() => cohort({ percent }), { name: 'LedgerError', code: 'invalid_request' })
  }
})
