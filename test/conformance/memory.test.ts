import { rateKey, type Rate } from '../../src/domain/rate.ts'
import type { Store } from '../../src/engine/store.ts'
import { openMemoryStorage } from '../../src/stores/memory/storage.ts'
import { changeKey, postingKey, Tables } from '../../src/stores/memory/tables.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { FaultyStore } from '../support/faulty-store.ts'
import { NOBODY, type Damage, type Harness, type LostAt } from './harness.ts'
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
    const { requests, balances, houses, standings, rates, freezes, actors } = this.#tables
    if ('hold' in damage) return damageChange(this.#tables, damage)
    if ('pair' in damage) return damageRate(rates, damage)
    if ('actor' in damage) return change(actors, damage.actor, damage)
    if ('balanceId' in damage) return damageRun(this.#tables, damage)
    if ('account' in damage) {
      return damage.remove === 'house'
        ? change(houses, damage.account, damage)
        : change(standings, damage.account, damage)
    }
    const { id } = damage
    if (typeof id === 'number') {
      const key = [...balances.keys()].find((candidate) => balances.get(candidate)?.id === id)
      return change(balances, key ?? '', damage)
    }
    const request = requests.get(id)
    if ('set' in damage && 'idText' in damage.set) return change(requests, id, { set: { id: damage.set.idText } })
    if (request?.kind === 'freeze') change(freezes, request.seq, damage)
    if (request?.kind !== 'freeze' || 'remove' in damage) change(requests, id, damage)
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

function change<Key, Row extends object>(
  rows: Map<Key, Row>,
  key: Key,
  damage: { readonly set: object } | { readonly remove: string },
): void {
  const row = rows.get(key)
  if (row === undefined) throw new Error('There is no such row to damage.')
  if ('remove' in damage) rows.delete(key)
  else rows.set(key, { ...row, ...damage.set })
}

function damageChange(
  { requests, holdChanges }: Tables,
  damage: Extract<Damage, { readonly hold: string; readonly number: number }>,
): void {
  const hold = requests.get(damage.hold)
  const key = hold === undefined ? '' : changeKey(hold.seq, damage.number)
  const found = holdChanges.get(key)
  if (found === undefined) throw new Error('There is no such change to damage.')
  holdChanges.delete(key)
  if ('remove' in damage) return
  const { number = damage.number, payeeBalanceId, payeeVersion: _, ...columns } = damage.set
  const { end } = found.after
  const ended = payeeBalanceId === null && end !== null ? { ...end, payee: null } : end
  const after = { ...found.after, ...columns, changes: number, end: ended }
  holdChanges.set(changeKey(after.seq, number), { ...found, after })
}

function damageRate(rates: Map<string, readonly Rate[]>, damage: Extract<Damage, { alter: 'rate' }>): void {
  const key = rateKey(damage.pair.from, damage.pair.to)
  const damaged = rates.get(key)!.map((rate) => (rate.version === damage.version ? { ...rate, ...damage.set } : rate))
  rates.set(key, damaged)
}

/** A run of one posting. */
function damageRun({ runs }: Tables, damage: Extract<Damage, { readonly balanceId: number }>): void {
  const key = postingKey(damage.balanceId, damage.version)
  const run = runs.get(key)
  if (run?.postings.length !== 1) throw new Error('There is no such posting to damage.')
  runs.delete(key)
  if ('remove' in damage) return
  if (damage.alter === 'run') return void runs.set(key, { ...run, postings: [] })
  const { set } = damage
  const posting = { ...run.postings[0]!, ...set, ...(set.entryId === undefined ? {} : { seq: NOBODY }) }
  const { version, available, held } = posting
  const damaged = { ...run, firstVersion: version, lastVersion: version, available, held, postings: [posting] }
  runs.set(postingKey(damage.balanceId, version), damaged)
}

describeStore('memory', async () => new MemoryHarness())
