import assert from 'node:assert/strict'
import { test } from 'node:test'
import { declare, deposit, freeze } from '../../test/support/commands.ts'
import { FaultyStore, type Mishap } from '../../test/support/faulty-store.ts'
import type { Changes } from '../domain/changes.ts'
import { openMemoryStorage } from '../stores/memory/storage.ts'
import { Engine } from './engine.ts'
import { Fault } from './faults.ts'
import type { CommitResult } from './store.ts'

/** Its first commit loses the connection, and takes effect only when the test lets it arrive. */
class LateStore extends FaultyStore {
  /** The actions of others before the commit arrives. */
  meanwhile: () => Promise<unknown> = () => Promise.resolve()
  #late: Changes | null = null

  override async commit(changes: Changes): Promise<CommitResult> {
    if (this.#late !== null) return await super.commit(changes)
    this.#late = changes
    await this.meanwhile()
    throw new Fault('commit_in_doubt', 'The connection was lost.', { applied: 'unknown' })
  }

  async arrive(): Promise<CommitResult> {
    return await super.commit(this.#late!)
  }
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  try {
    await promise
  } catch (error) {
    if (error instanceof Fault) return error
  }
  throw new Error('There was no fault.')
}

for (const [what, ...script] of [
  ['the rules fall over on its batch', 'none', 'unavailable'],
  ['others win every attempt at half of it', 'none', 'stale', 'stale'],
] satisfies [string, ...Mishap[]][]) {
  test(`what a lost commit may still do is denied to nobody, though ${what} meanwhile`, async () => {
    const storage = openMemoryStorage()
    const store = new LateStore(storage.store)
    const engine = new Engine(store, { limits: { doubtMsMax: 50, attemptsMax: 2 } })
    const other = new Engine(storage.store, { houseStripe: 1 })
    // It is rejected while there is no such asset; once there is one, the rules throw.
    const broken = { ...freeze('broken', 'user:8', 1n, { asset: 'gem' }), amount: 1 as never }
    store.meanwhile = () => other.submit(declare('gem', 2, 'Gem'))
    store.script.push(...script)
    const answers = [faultOf(engine.submit(deposit('d', 'user:8', 100n))), faultOf(engine.submit(broken))]
    const [deposited] = await Promise.all(answers)
    assert.deepEqual([deposited!.code, deposited!.applied], ['commit_in_doubt', 'unknown'])
    assert.equal(await store.arrive(), 'committed')
    assert.equal((await storage.reader.account('user:8'))!.balances[0]!.available, 100n)
  })
}
