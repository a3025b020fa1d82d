import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../../test/support/manual-clock.ts'
import { Fault } from './faults.ts'
import { CursorError, FIRST_PAGE, type Page, type Reader } from './reader.ts'
import { REPLICA_AWAY_MS, SplitReader, type ReplicaEvent } from './split-reader.ts'

const QUERY = { ...FIRST_PAGE, account: 'user:8', asset: 'credit' } as Parameters<Reader['postings']>[0]

/** Answers with its own name and the cursor that it was asked with, on pages without end. */
function readerOf(name: string, asked: string[], failure: () => Error | null = () => null): Reader {
  const page = async ({ cursor }: { cursor: string | null }): Promise<Page<never>> => {
    const error = failure()
    if (error !== null) throw error
    asked.push(`${name} ${cursor}`)
    return { items: [], next: `${name}-next` }
  }
  return { postings: page, balances: page, holds: page, stats: page } as unknown as Reader
}

function splitReader() {
  const asked: string[] = []
  const events: ReplicaEvent[] = []
  const clock = new ManualClock()
  const state = { behind: null as string | null, name: 'a1', failure: null as Error | null }
  const reader = readerOf('replica', asked, () => state.failure)
  const split = new SplitReader({
    primary: readerOf('primary', asked),
    replica: async () => ({ reader, name: () => state.name }),
    watch: { current: () => ({ role: 'replica', lagMs: 0, behind: state.behind }) },
    onReplicaEvent: (event) => events.push(event),
    clock,
  })
  return { split, asked, events, clock, state }
}

test('a list begins at the replica and goes on there', async () => {
  const { split, asked, events } = splitReader()
  const { next } = await split.postings(QUERY)
  assert.equal(next, '~a1~replica-next')
  await split.postings({ ...QUERY, cursor: next })
  assert.deepEqual(asked, ['replica null', 'replica replica-next'])
  assert.deepEqual(events, [])
})

test('a page that goes on from the primary is read there, although the replica is there again', async () => {
  const { split, asked, state, events } = splitReader()
  state.behind = 'Too old.'
  const { next } = await split.postings(QUERY)
  state.behind = null
  await split.postings({ ...QUERY, cursor: next })
  await split.holds({ ...QUERY, state: null })
  assert.deepEqual(asked, ['primary null', 'primary primary-next', 'replica null'])
  assert.deepEqual(events, [{ kind: 'left', reason: 'Too old.' }, { kind: 'used' }])
})

test('a page that goes on from the replica is read at the primary when that is too old, or another one', async () => {
  for (const change of [{ behind: 'Too old.' }, { name: 'b2' }]) {
    const { split, asked, state } = splitReader()
    const { next } = await split.postings(QUERY)
    Object.assign(state, change)
    await split.postings({ ...QUERY, cursor: next })
    assert.deepEqual(asked, ['replica null', 'primary ~a1~replica-next'])
  }
})

test('a replica that fails is left alone for a while, and callers do not notice', async () => {
  const { split, asked, events, clock, state } = splitReader()
  state.failure = new Fault('store_unavailable', 'It is gone.')
  await split.postings(QUERY)
  state.failure = null
  await split.postings(QUERY)
  assert.deepEqual(asked, ['primary null', 'primary null'])
  await clock.advance(REPLICA_AWAY_MS)
  await split.postings(QUERY)
  assert.equal(asked.at(-1), 'replica null')
  assert.deepEqual(events, [{ kind: 'left', reason: 'It is gone.' }, { kind: 'used' }])
})

test('what is wrong with the query is not blamed on the replica', async () => {
  const { split, asked, state } = splitReader()
  state.failure = new CursorError()
  await assert.rejects(split.postings(QUERY), CursorError)
  assert.deepEqual(asked, [])
})
