/** Callers that take the answers of large batches slowly cannot collect any number of them. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { test } from 'node:test'
import { assertProblem, HttpService } from '../support/http-service.ts'
import { until } from '../support/mysql-ledger.ts'

/** The largest metadata, about 35 kB as JSON. */
const METADATA = Object.fromEntries(
  Array.from({ length: 32 }, (_, key) => [`k${key}`.padEnd(64, '_'), '"'.repeat(512)]),
)
/** Their answers do not fit into the buffers of a connection. */
const HOLDS = 300
const HOLDS_PER_BODY = 20

test('while as many large answers as there may be are being sent, further batches are refused without an effect', async () => {
  await using service = await HttpService.start({ http: { limits: { largeAnswersMax: 1 } } })
  await service.give('user:8', 1_000)
  for (let first = 0; first < HOLDS; first += HOLDS_PER_BODY) {
    const commands = Array.from({ length: HOLDS_PER_BODY }, (_, index) => ({
      kind: 'freeze',
      requestId: `h${first + index}`,
      account: 'user:8',
      amount: 1,
      metadata: METADATA,
    }))
    assert.equal((await service.post('/v1/batches', { commands })).status, 200)
  }
  const releases = Array.from({ length: HOLDS }, (_, index) => ({ kind: 'release', hold: `h${index}` }))
  const body = JSON.stringify({ commands: releases })
  const slow = connect(Number(new URL(service.url).port), '127.0.0.1')
  slow.on('error', () => undefined).pause()
  slow.write(
    `POST /v1/batches HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
  )
  await once(slow, 'readable')
  const deposit = { commands: [{ kind: 'deposit', requestId: 'd', account: 'user:9', amount: 1 }] }
  const refused = await service.post('/v1/batches', deposit)
  assert.equal(assertProblem(refused, 503, 'overloaded')['applied'], 'no')
  assert.equal(refused.headers.get('retry-after'), '1')
  assertProblem(await service.get('/v1/accounts/user:9'), 404, 'account_not_found')
  // Single commands have small answers.
  await service.give('user:7', 1)
  slow.destroy()
  await until(async () => (await service.post('/v1/batches', deposit)).status === 200, 'room for another batch')
  // An answer that is taken makes room too.
  for (let round = 0; round < 2; round++) {
    const { status, text } = await service.post('/v1/batches', { commands: releases })
    assert.equal(status, 200)
    assert.equal((JSON.parse(text) as { outcomes: unknown[] }).outcomes.length, HOLDS)
  }
})
