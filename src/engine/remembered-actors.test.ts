import assert from 'node:assert/strict'
import { test } from 'node:test'
import { useOf, BILLING, SUPPORT } from '../../test/support/authors.ts'
import type { Actor } from '../domain/by.ts'
import type { ActorUse } from './actor-book.ts'
import { RememberedActors } from './remembered-actors.ts'

/** A book that counts the calls; a call waits until it is answered. */
function counting() {
  const asked: ActorUse[] = []
  const numbers = new Map<string, number>()
  let failure: Error | null = null
  return {
    asked,
    fail: (error: Error | null) => void (failure = error),
    async actor(use: ActorUse): Promise<Actor> {
      asked.push(use)
      await Promise.resolve()
      if (failure !== null) throw failure
      const { key, address } = use
      const name = `${key} ${address}`
      numbers.set(name, numbers.get(name) ?? numbers.size + 1)
      return { number: numbers.get(name)!, key, address }
    },
  }
}

const CLOCK = { now: () => 1 }
const ONE = useOf(BILLING.actor)

test('an actor is looked up once, also for calls at the same time', async () => {
  const book = counting()
  const actors = new RememberedActors(book, CLOCK)
  const found = await Promise.all([actors.actor(ONE), actors.actor(ONE), actors.actor(useOf(SUPPORT.actor))])
  assert.deepEqual(
    found.map(({ number }) => number),
    [1, 1, 2],
  )
  await actors.actor(ONE)
  assert.equal(book.asked.length, 2)
})

test('a renamed key is another actor', async () => {
  const actors = new RememberedActors(counting(), CLOCK)
  assert.notEqual((await actors.actor(ONE)).number, (await actors.actor({ ...ONE, key: 'other' })).number)
})

test('a failure is not remembered', async () => {
  const book = counting()
  const actors = new RememberedActors(book, CLOCK)
  book.fail(new Error('gone'))
  await assert.rejects(actors.actor(ONE), /gone/)
  book.fail(null)
  assert.equal((await actors.actor(ONE)).number, 1)
})

test('no more actors are remembered than the limit, those that were used last', async () => {
  const book = counting()
  const actors = new RememberedActors(book, CLOCK, 2)
  const use = (address: string) => actors.actor({ ...ONE, address })
  for (const address of ['a', 'b', 'a', 'c', 'a', 'c']) await use(address)
  assert.deepEqual(
    book.asked.map(({ address }) => address),
    ['a', 'b', 'c'],
  )
  await use('b')
  assert.equal(book.asked.length, 4)
})
