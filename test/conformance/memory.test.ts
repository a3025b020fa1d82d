import type { PostingRecord } from '../../src/domain/journal.ts'
import { rateKey, type Rate } from '../../src/domain/rate.ts'
import type { RequestRecord } from '../../src/domain/snapshot.ts'
import type { Store } from '../../src/engine/store.ts'
import { openMemoryStorage } from '../../src/stores/memory/storage.ts'
import { postingKey, stepKey, Tables } from '../../src/stores/memory/tables.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { FaultyStore } from '../support/faulty-store.ts'
import type { Damage, Harness, LostAt } from './harness.ts'
import { describeStore } from './suite.ts'

class MemoryHarness implements Harness {
  readonly order = 'mysql'
  readonly #tables = new Tables()
  readonly #opened: Storage[] = []

  async open(): Promise<Storage> {
    const storage = openMemoryStorage(this.#tables)
    this.#opened.push(storage)
    return storage
  }

  async plant(damage: Damage): Promise<void> {
    const { requests, balances, postings, rates, holdSteps } = this.#tables
    if ('step' in damage) return void holdSteps.delete(stepKey(damage.hold, damage.step))
    if ('pair' in damage) return damageRate(rates, damage)
    if ('balanceId' in damage) return damagePosting(postings, damage)
    const { id } = damage
    if ('alter' in damage && damage.alter === 'hold') return damageHold(requests, damage)
    if (typeof id === 'string') return change(requests, id, damage)
    const key = [...balances.keys()].find((candidate) => balances.get(candidate)?.id === id)
    change(balances, key ?? '', damage)
  }

  doubtful(storage: Storage, lostAt: LostAt): Store {
    const store = new FaultyStore(storage.store)
    store.script.push(lostAt === 'before' ? 'doubt-lost' : 'doubt-applied')
    return store
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const storage of this.#opened) await storage.close()
  }
}

function change<Row extends object>(rows: Map<string, Row>, key: string, damage: Damage): void {
  const row = rows.get(key)
  if (row === undefined) throw new Error('There is no such row to damage.')
  if ('remove' in damage) rows.delete(key)
  else rows.set(key, { ...row, ...damage.set })
}

function damageHold(requests: Map<string, RequestRecord>, { id, set }: Extract<Damage, { alter: 'hold' }>): void {
  const hold = requests.get(id)
  if (hold?.kind !== 'freeze') throw new Error('There is no such hold to damage.')
  const { endedAt, payeeBalanceId, payeeVersion: _, ...columns } = set
  let { end } = hold
  // In a database, `ended_at` alone marks the end; the other columns of the end keep their values.
  if (endedAt === null && end !== null) end = { ...end, at: 0 }
  if (payeeBalanceId === null && end !== null) end = { ...end, payee: null }
  requests.set(id, { ...hold, ...columns, end })
}

function damageRate(rates: Map<string, readonly Rate[]>, damage: Extract<Damage, { alter: 'rate' }>): void {
  const key = rateKey(damage.pair.from, damage.pair.to)
  const damaged = rates.get(key)!.map((rate) => (rate.version === damage.version ? { ...rate, ...damage.set } : rate))
  rates.set(key, damaged)
}

function damagePosting(
  postings: Map<string, PostingRecord>,
  damage: Extract<Damage, { readonly balanceId: number }>,
): void {
  const key = postingKey(damage.balanceId, damage.version)
  change(postings, key, damage)
  const damaged = postings.get(key)
  if (damaged === undefined) return
  // The version is part of the key.
  postings.delete(key)
  postings.set(postingKey(damaged.balanceId, damaged.version), damaged)
}

describeStore('memory', async () => new MemoryHarness())
