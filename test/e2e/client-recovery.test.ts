/** The client's behaviour when the service is unreachable, slow, overloaded or of another version. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { LedgerError } from '../../src/api/error.ts'
import type { Ledger } from '../../src/api/ledger.ts'
import { connect, type ConnectOptions } from '../../src/client/index.ts'
import { errorOf } from '../support/ledger-errors.ts'
import { quiet } from '../support/quiet.ts'
import { RunningService } from '../support/running-service.ts'

function client(service: { readonly url: string }, limits: ConnectOptions['limits'] = {}): Ledger {
  return connect(service.url, { limits: { pauseMsMin: 5, pauseMsMax: 50, ...limits } })
}

async function available(ledger: Ledger, account: string): Promise<bigint> {
  const { balances } = await ledger.account(account)
  return balances[0]!.available
}

interface Body {
  readonly commands: readonly { readonly account?: string }[]
}

describe('what failed on the way is sent again, and applies once', () => {
  test('calls made while the service is down are answered after its restart', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service, { attemptsMax: 1_000 })
    await ledger.deposit({ account: 'user:8', amount: 100n })
    await service.stop()
    const calls = Array.from({ length: 20 }, () => ledger.charge({ account: 'user:8', amount: 1n }))
    const read = ledger.account('user:8')
    await sleep(50)
    await service.start()
    await Promise.all(calls)
    assert.equal((await read).account, 'user:8')
    assert.equal(await available(ledger, 'user:8'), 80n)
  })

  test('a restart in the middle of work loses and doubles nothing', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service, { attemptsMax: 1_000 })
    let deposits = 0
    let going = true
    const callers = Array.from({ length: 20 }, async () => {
      while (going) {
        await ledger.deposit({ account: 'user:8', amount: 1n })
        deposits += 1
      }
    })
    for (let restart = 0; restart < 3; restart++) {
      await sleep(60)
      await service.stop()
      await service.start()
    }
    await sleep(60)
    going = false
    await Promise.all(callers)
    assert.equal(await available(ledger, 'user:8'), BigInt(deposits))
  })

  test('an answer that was lost after the commit comes again, and the coins moved once', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    let lost = 0
    service.beforeAnswer = async (request) => {
      if (request.url === '/v1/batches' && lost++ < 2) request.raw.socket.destroy()
    }
    const [outcome] = await ledger.batch([{ kind: 'deposit', account: 'user:8', amount: 5n }])
    assert.ok(outcome?.status === 'applied' && outcome.replayed)
    assert.equal(service.batchRequestCount, 3)
    assert.equal(await available(ledger, 'user:8'), 5n)
  })

  test('an atomic batch whose answer was lost is applied once', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    let lost = 0
    service.beforeAnswer = async (request) => {
      if (request.url === '/v1/batches' && lost++ < 1) request.raw.socket.destroy()
    }
    const outcomes = await ledger.batch(
      [
        { kind: 'deposit', account: 'user:8', amount: 5n },
        { kind: 'charge', account: 'user:8', amount: 2n },
      ],
      { atomic: true },
    )
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['applied', 'applied'],
    )
    assert.equal(await available(ledger, 'user:8'), 3n)
  })

  test('a proxy that answers 503 is asked again no sooner than its Retry-After says', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    let turnedAway = 0
    service.gate = async (_, reply) => {
      if (turnedAway++ < 2)
        await reply
          .code(503)
          .header('retry-after', turnedAway === 1 ? '1' : '0')
          .send('be patient')
    }
    const begunAt = performance.now()
    await ledger.deposit({ account: 'user:8', amount: 5n })
    const tookMs = performance.now() - begunAt
    assert.equal(turnedAway, 3)
    assert.ok(tookMs >= 1_000, `${tookMs} ms`)
  })

  test('a Retry-After beyond the time of the call ends it at once', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    service.gate = async (_, reply) => {
      await reply.code(503).header('retry-after', '60').send('be very patient')
    }
    // A call that waited would end as `deadline_exceeded`.
    const call = ledger.deposit({ requestId: 'd', account: 'user:8', amount: 5n }, { timeoutMs: 30_000 })
    const error = await errorOf(call)
    assert.deepEqual([error.code, error.retryAfterMs, error.details['requestId']], ['service_unreachable', 60_000, 'd'])
  })

  test('only the commands that met a fault are sent again', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    const sent: number[] = []
    service.gate = async (request, reply) => {
      const { commands } = request.body as Body
      sent.push(commands.length)
      if (sent.length > 1) return
      const problem = { code: 'contention', status: 503, detail: 'Busy.', applied: 'no', retryAfterMs: 1 }
      const answer = { code: 'gold', decimals: 0, name: 'Gold', createdAt: '2030-01-01T00:00:00.000Z' }
      await reply.send({
        outcomes: [
          { status: 'applied', replayed: false, answer },
          { status: 'faulted', problem },
        ],
      })
    }
    const outcomes = await ledger.batch([
      { kind: 'declare', asset: 'gold' },
      { kind: 'deposit', account: 'user:8', amount: 5n },
    ])
    assert.deepEqual(sent, [2, 1])
    assert.deepEqual(
      outcomes.map((outcome) => outcome.status === 'applied' && outcome.replayed),
      [false, false],
    )
  })

  test('a service that stays away ends the call after the attempts allowed', async () => {
    const gone = await RunningService.start()
    await gone.stop()
    await using ledger = client(gone, { attemptsMax: 3 })
    const error = await errorOf(ledger.deposit({ requestId: 'd', account: 'user:8', amount: 5n }))
    assert.deepEqual([error.code, error.retryable, error.applied], ['service_unreachable', true, 'unknown'])
    assert.equal(error.details['requestId'], 'd')
    assert.match(error.message, /ECONNREFUSED/)
    assert.equal((await errorOf(ledger.assets())).code, 'service_unreachable')
  })

  test('doubt that an attempt left is not forgotten when a later one is turned away', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service, { attemptsMax: 2 })
    let requests = 0
    service.gate = async (request, reply) => {
      if (++requests === 1) return void request.raw.socket.destroy()
      const problem = { code: 'overloaded', status: 503, detail: 'Full.', applied: 'no', retryAfterMs: 1 }
      await reply.send({ outcomes: [{ status: 'faulted', problem }] })
    }
    const error = await errorOf(ledger.deposit({ account: 'user:8', amount: 5n }))
    assert.deepEqual([error.code, error.applied, requests], ['overloaded', 'unknown', 2])
  })
})

describe('nobody waits longer than agreed', () => {
  test('a call that is aborted on its way may have had its effect, one that still waits has not', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service, { connectionsMax: 1 })
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
    service.gate = () => answered
    const abort = new AbortController()
    const travelling = errorOf(
      ledger.deposit({ requestId: 'd-1', account: 'user:8', amount: 1n }, { signal: abort.signal }),
    )
    while (service.batchRequestCount === 0) await quiet()
    const waiting = errorOf(ledger.deposit({ account: 'user:8', amount: 1n }, { signal: abort.signal }))
    abort.abort()
    const [first, second] = await Promise.all([travelling, waiting])
    answer()
    assert.deepEqual([first.code, first.applied, first.details['requestId']], ['deadline_exceeded', 'unknown', 'd-1'])
    assert.deepEqual([second.code, second.applied], ['deadline_exceeded', 'no'])
    const before = await errorOf(ledger.deposit({ account: 'user:8', amount: 1n }, { signal: abort.signal }))
    assert.deepEqual([before.code, before.applied], ['deadline_exceeded', 'no'])
  })

  test('a connection that everybody gave up on is free for the next call', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service, { connectionsMax: 1 })
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
    service.gate = () => answered
    const error = await errorOf(ledger.deposit({ account: 'user:8', amount: 1n }, { timeoutMs: 50 }))
    assert.equal(error.code, 'deadline_exceeded')
    service.gate = null
    await ledger.deposit({ account: 'user:8', amount: 1n })
    answer()
  })

  test('a call that gave up leaves the others of its request alone', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service, { connectionsMax: 1 })
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
    service.gate = () => answered
    const hasty = errorOf(ledger.deposit({ account: 'user:8', amount: 1n }, { timeoutMs: 50 }))
    const patient = ledger.deposit({ account: 'user:8', amount: 2n })
    assert.equal((await hasty).code, 'deadline_exceeded')
    answer()
    assert.equal((await patient).kind, 'deposit')
    assert.equal(service.batchRequestCount, 1)
  })

  test('a request that is not answered in time is made again', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service, { requestTimeoutMs: 100 })
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
    let slow = 0
    service.gate = async () => {
      if (slow++ === 0) await answered
    }
    await ledger.deposit({ account: 'user:8', amount: 1n })
    answer()
    assert.ok(slow >= 2, `${slow} requests`)
    assert.equal(await available(ledger, 'user:8'), 1n)
  })

  test('close answers what was taken and takes no more', async () => {
    await using service = await RunningService.start()
    const ledger = client(service)
    service.gate = () => sleep(50)
    const calls = Array.from({ length: 5 }, () => ledger.deposit({ account: 'user:8', amount: 1n }))
    let answered = 0
    for (const call of calls) void call.then(() => (answered += 1))
    await ledger.close()
    assert.equal(answered, 5)
    for (const call of [() => ledger.deposit({ account: 'user:8', amount: 1n }), () => ledger.assets()]) {
      const error = await errorOf(call())
      assert.deepEqual([error.code, error.applied], ['shutting_down', 'no'])
    }
  })
})

describe('one call that cannot be sent does not stop the others', () => {
  test('a command that only the service refuses is refused alone', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service, { connectionsMax: 1 })
    service.gate = async (request) => {
      const index = (request.body as Body | undefined)?.commands.findIndex(({ account }) => account === 'poison') ?? -1
      if (index >= 0) throw LedgerError.invalid(`/commands/${index}/account`, 'This account is not welcome.')
    }
    const calls = Array.from({ length: 20 }, (_, index) =>
      ledger.deposit({ account: index === 7 || index === 13 ? 'poison' : 'user:8', amount: 1n }),
    )
    const outcomes = await Promise.allSettled(calls)
    assert.deepEqual(
      outcomes.flatMap(({ status }, index) => (status === 'rejected' ? [index] : [])),
      [7, 13],
    )
    const error = await errorOf(calls[7]!)
    assert.deepEqual([error.code, error.pointer, error.applied], ['invalid_request', '/account', 'no'])
    assert.equal(await available(ledger, 'user:8'), 18n)
  })

  test('bodies become smaller for a service that takes only small ones', async () => {
    await using service = await RunningService.start({ bodyBytesMax: 2_000 })
    await using ledger = client(service)
    const calls = Array.from({ length: 100 }, () => ledger.deposit({ account: 'user:8', amount: 1n }))
    await Promise.all(calls)
    assert.equal(await available(ledger, 'user:8'), 100n)
    const huge = ledger.deposit({ account: 'user:8', amount: 1n, metadata: Object.fromEntries(manyTexts()) })
    assert.equal((await errorOf(huge)).code, 'payload_too_large')
  })

  test('a request is never larger than the service accepts by default', async () => {
    await using service = await RunningService.start()
    await using ledger = client(service)
    const metadata = Object.fromEntries(manyTexts())
    await Promise.all(Array.from({ length: 200 }, () => ledger.deposit({ account: 'user:8', amount: 1n, metadata })))
    assert.equal(await available(ledger, 'user:8'), 200n)
    // 200 × 15 KB of two-byte characters, in requests of at most 262,144 characters.
    assert.ok(
      service.batchRequestCount >= 12 && service.batchRequestCount < 40,
      `${service.batchRequestCount} requests`,
    )
  })
})

function manyTexts(): [string, string][] {
  return Array.from({ length: 30 }, (_, index) => [`key-${index}`, 'é'.repeat(500)])
}
