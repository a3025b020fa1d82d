/** The client measures waits by a clock that cannot be set. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PROBLEMS } from '../api/problems.ts'
import { connect, LedgerError, type ClientLimits, type Fetch } from './index.ts'

const HOUR_MS = 3_600_000
const URL = 'http://ledger.test'
const ASSETS = { items: [{ code: 'credit', decimals: 0, name: 'Credit', createdAt: '2030-01-31T12:00:00.000Z' }] }
const DECLARED = { outcomes: [{ status: 'applied', replayed: false, answer: ASSETS.items[0] }] }

function away(headers: Readonly<Record<string, string>> = {}): Response {
  return new Response('away', { status: 503, headers })
}

/** A service that is unreachable for the first request. */
function awayOnce(answer: object, meanwhile: () => void): Fetch {
  let requests = 0
  return async () => {
    if (++requests > 1) return Response.json(answer)
    meanwhile()
    return away()
  }
}

async function refusal(fetch: Fetch, limits: Partial<ClientLimits>): Promise<LedgerError> {
  await using ledger = connect(URL, { fetch, limits })
  try {
    await ledger.assets()
  } catch (error) {
    if (error instanceof LedgerError) return error
    throw error
  }
  throw new Error('The read was served.')
}

for (const byMs of [HOUR_MS, -HOUR_MS]) {
  test(`a time of day that is set by ${byMs} ms ends no call and prolongs none`, async (t) => {
    const trueNow = Date.now
    let offMs = 0
    t.mock.method(Date, 'now', () => trueNow() + offMs)
    const setClock = (): void => void (offMs += byMs)
    const limits = { pauseMsMin: 1, pauseMsMax: 1 }
    await using reader = connect(URL, { fetch: awayOnce(ASSETS, setClock), limits })
    assert.equal((await reader.assets()).length, 1)
    await using writer = connect(URL, { fetch: awayOnce(DECLARED, setClock), limits })
    assert.equal((await writer.declare({ asset: 'credit', decimals: 0 })).code, 'credit')
    // A pause that would exceed the call's deadline does not start.
    const impatient = { callTimeoutMsDefault: 5_000, attemptsMax: 2 }
    const begunAt = performance.now()
    const fetch = async (): Promise<Response> => {
      setClock()
      return away({ 'retry-after': '60' })
    }
    assert.equal((await refusal(fetch, impatient)).retryAfterMs, 60_000)
    assert.ok(performance.now() - begunAt < 2_500)
  })
}

test('a Retry-After that is a date counts from the date of the answer, whatever the clock here shows', async () => {
  const at = (seconds: number): string => new Date(Date.UTC(2001, 0, 1, 0, 0, seconds)).toUTCString()
  const once = { attemptsMax: 1 }
  const dated = async (): Promise<Response> => away({ date: at(0), 'retry-after': at(7) })
  assert.equal((await refusal(dated, once)).retryAfterMs, 7_000)
  const past = async (): Promise<Response> => away({ date: at(7), 'retry-after': at(0) })
  assert.equal((await refusal(past, once)).retryAfterMs, 0)
  const undated = async (): Promise<Response> => away({ 'retry-after': at(7) })
  assert.equal((await refusal(undated, once)).retryAfterMs, PROBLEMS.service_unreachable.retryAfterMs)
})
