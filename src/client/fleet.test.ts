import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { LedgerError } from '../api/error.ts'
import { Fleet, type Member } from './fleet.ts'

const NAMES = ['http://a', 'http://b', 'http://c']
const ACCOUNTS = Array.from({ length: 3_000 }, (_, number) => `user:${number}`)
const GONE = new LedgerError('service_unreachable', 'gone')

/** @param answer of the question whether a service is there again */
function fleetOf(urls: readonly string[], answer: () => Promise<Response> = () => Promise.reject(new Error('away'))) {
  const members = urls.map((url): Member => ({
    service: { url, headers: {}, trace: () => undefined, fetch: answer, sendsAccount: false },
  }))
  return new Fleet(members)
}

function homesIn(fleet: Fleet<Member>): readonly string[] {
  return ACCOUNTS.map((account) => fleet.pick(account).service.url)
}

test('accounts are spread evenly, and alike whatever the order of the addresses', () => {
  const homes = homesIn(fleetOf(NAMES))
  for (const name of NAMES) {
    const share = homes.filter((home) => home === name).length / ACCOUNTS.length
    assert.ok(Math.abs(share - 1 / 3) < 0.04, `${name} has ${share}`)
  }
  assert.deepEqual(homesIn(fleetOf(NAMES.toReversed())), homes)
})

test('without one service only its accounts move', () => {
  const before = homesIn(fleetOf(NAMES))
  const after = homesIn(fleetOf(NAMES.slice(0, 2)))
  for (const [index, home] of before.entries()) {
    if (home !== 'http://c') assert.equal(after[index], home)
  }
})

test('a service that is unreachable is avoided until it has answered, and then gets its accounts back', async () => {
  let isBack = false
  const fleet = fleetOf(NAMES, () => (isBack ? Promise.resolve(new Response('{}')) : Promise.reject(new Error('away'))))
  const home = fleet.pick('user:8')
  fleet.failed(home, GONE)
  assert.notEqual(fleet.pick('user:8'), home)
  await sleep(1_050)
  assert.notEqual(fleet.pick('user:8'), home)
  isBack = true
  await sleep(2_050)
  assert.notEqual(fleet.pick('user:8'), home)
  await sleep(10)
  assert.equal(fleet.pick('user:8'), home)
})

test('what is about the command or the caller moves nothing, and neither does a single service', () => {
  const fleet = fleetOf(NAMES)
  const home = fleet.pick('user:8')
  for (const code of ['contention', 'rate_limited', 'commit_in_doubt'] as const) {
    fleet.failed(home, new LedgerError(code, 'no'))
    assert.equal(fleet.pick('user:8'), home)
  }
  const alone = fleetOf(NAMES.slice(0, 1))
  alone.failed(alone.all[0]!, GONE)
  assert.equal(alone.pick('user:8'), alone.all[0])
})

test('when all are avoided, the first of the account is asked', () => {
  const fleet = fleetOf(NAMES)
  const home = fleet.pick('user:8')
  for (const member of fleet.all) fleet.failed(member, GONE)
  assert.equal(fleet.pick('user:8'), home)
})
