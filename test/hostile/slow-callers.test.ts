/** Slow callers are served within the limits and refused beyond them, and they delay nobody else. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'
import { inputsOf, tell } from './budget.ts'
import { converse, openSocket, requestText } from './raw-connection.ts'
import { ServiceUnderFire } from './service-under-fire.ts'

const MEMORY = { name: 'memory', server: null }
const LIMITS = { headersTimeoutMs: 3_000, requestTimeoutMs: 6_000, timeoutCheckMs: 50 }
const DEPOSIT = { account: 'user:8', amount: 1 }

function pieces(text: string, length: number): readonly string[] {
  return Array.from({ length: Math.ceil(text.length / length) }, (_, index) =>
    text.slice(index * length, (index + 1) * length),
  )
}

test('slow callers are served within the limits and refused beyond them, and nobody waits for them', async () => {
  await using service = await ServiceUnderFire.start(MEMORY, LIMITS)
  const callersCount = inputsOf(150)
  const text = requestText('POST', '/v1/deposits', DEPOSIT, ['Connection: close'])
  const inTime = Array.from({ length: 10 }, () => converse(service.port, pieces(text, 16), { pauseMs: 20 }))
  // Callers that send header bytes without end, and callers whose body stops.
  const endless = Array.from({ length: callersCount }, (_, index) => {
    const sent =
      index % 2 === 0 ? ['GET /readyz HTTP/1.1\r\nHost: localhost\r\n', ...'X: a'.repeat(30)] : [text.slice(0, -3)]
    return converse(service.port, sent, { pauseMs: 30 })
  })
  await sleep(200)
  const waits: number[] = []
  for (let call = 0; call < 20; call++) {
    const startedAt = performance.now()
    assert.equal((await service.call('POST', '/v1/deposits', DEPOSIT)).status, 201)
    waits.push(performance.now() - startedAt)
  }
  assert.ok(Math.max(...waits) < LIMITS.headersTimeoutMs, `others waited for ${Math.max(...waits)} ms`)
  for (const { answers } of await Promise.all(inTime))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201],
    )
  for (const { answers } of await Promise.all(endless))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [408],
    )
  assert.equal((await service.books()).requestsCount, 30)
  await service.checkHealth()
  tell('slow callers', callersCount + 10)
})

test('a caller that never reads its answers is not read from forever', async () => {
  await using service = await ServiceUnderFire.start(MEMORY, { ...LIMITS, shutdownMs: 500 })
  const socket = await openSocket(service.port)
  socket.pause()
  const asked = requestText('GET', '/openapi.json')
  let sentCount = 0
  // The answers exceed every buffer: the service stops reading, and this side's buffers fill.
  while (sentCount < 20_000 && socket.write(asked)) {
    sentCount += 1
    if (sentCount % 100 === 0) await sleep(1)
  }
  await sleep(300)
  const handled = service.log.filter((line) => line.includes('"answered"')).length
  assert.ok(handled < 2_000, `${handled} answers were made for somebody who reads none`)
  assert.equal((await service.call('GET', '/readyz')).status, 200)
  const closed = once(socket, 'close')
  socket.destroy()
  await closed
})
