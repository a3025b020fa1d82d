/** Old code and Holdfast at work on the same rows at once. */
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { test } from 'node:test'
import { LedgerError } from '../../src/api/error.ts'
import { openLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import type { Observer } from '../../src/engine/observer.ts'
import { assertExact, install, oldSystem } from './bridged-ledger.ts'
import { OldCode, type Way } from './old-code.ts'
import type { OldServer } from './old-server.ts'

const WAYS: readonly Way[] = ['row-lock', 'cas', 'update-first', 'insert-first']
const USERS = 12
const LOAD_MS = 4_000

export function describeLoad(server: OldServer): void {
  test('old methods, two processes of Holdfast and transfers meet on the same rows without a deadlock, and both books are exact', async () => {
    const users = Array.from({ length: USERS }, (_, index) => [index + 1, 3_000, 0] as const)
    await using database = await oldSystem(server, users)
    await install(database)
    const troubles: string[] = []
    const observers: readonly Observer[] = [{ onTrouble: ({ kind }) => troubles.push(kind) }]
    await using one = await openLedger(database.url(), { observers })
    await using two = await openLedger(database.url(), { observers })
    await using old = new OldCode(server, database.url(), 10)
    const until = Date.now() + LOAD_MS
    const counts = { lives: 0, declined: 0 }
    const work: Promise<void>[] = []
    for (const [index, way] of WAYS.entries())
      work.push(oldLives(old, way, index, until), oldLives(old, way, index + 4, until))
    for (let worker = 0; worker < 2; worker++) work.push(oldTransfers(old, worker, until))
    for (const ledger of [one, two]) {
      for (let worker = 0; worker < 6; worker++) work.push(newLives(ledger, worker, until, counts))
    }
    await Promise.all(work)
    const { freezes, ends, transfers, errors } = old.counts
    assert.ok(freezes > 50 && ends > 50 && transfers > 10, JSON.stringify(old.counts))
    assert.ok(counts.lives > 50, JSON.stringify(counts))
    // A request id that both sides were given at once has an effect on one of them.
    errors.delete(server.dialect.duplicate)
    assert.deepEqual([...errors], [], 'errors of the old code')
    assert.deepEqual(
      troubles.filter((kind) => kind === 'deadlock'),
      [],
    )
    await assertExact(database, one)
  })
}

async function oldLives(old: OldCode, way: Way, worker: number, until: number): Promise<void> {
  for (let call = 0; Date.now() < until; call++) {
    const user = 1 + ((call * 7 + worker) % USERS)
    const id = call % 10 === 0 ? sharedId(call) : randomUUID()
    if (await old.freeze(way, id, user, 5)) await old.end(way, id, user, call % 4 === 0 ? null : 2)
  }
}

async function oldTransfers(old: OldCode, worker: number, until: number): Promise<void> {
  for (let call = worker; Date.now() < until; call += 3) {
    await old.transfer(1 + (call % USERS), [1 + ((call + 3) % USERS), 1 + ((call + 5) % USERS)], 3)
  }
}

async function newLives(
  ledger: EmbeddedLedger,
  worker: number,
  until: number,
  counts: { lives: number; declined: number },
): Promise<void> {
  for (let call = 0; Date.now() < until; call++) {
    const account = `user:${1 + ((call * 5 + worker) % USERS)}`
    const requestId = call % 10 === 0 ? sharedId(call) : randomUUID()
    try {
      if (call % 6 === 5) {
        const legs = [9, 2, 11].map((to) => ({ from: account, to: `user:${to}`, amount: 1n }))
        await ledger.transfer({ requestId, legs: legs.filter(({ from, to }) => from !== to) })
      } else {
        await ledger.freeze({ requestId, account, amount: 5n })
        if (call % 4 === 0) await ledger.release(requestId)
        else await ledger.settle(requestId, { amount: 3n })
      }
      counts.lives++
    } catch (error) {
      if (!(error instanceof LedgerError) || error.status >= 500) throw error
      counts.declined++
    }
  }
}

/** An id that several callers of both sides use. */
function sharedId(call: number): string {
  return `shared-${call}`
}
