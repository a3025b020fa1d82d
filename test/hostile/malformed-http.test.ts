/** Malformed and malicious HTTP: every connection gets an answer and is closed, and every effect was acknowledged. */
import assert from 'node:assert/strict'
import { gzipSync } from 'node:zlib'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { tell, tryInputs } from './budget.ts'
import { converse, openSocket, requestText } from './raw-connection.ts'
import { assertAnswer, ServiceUnderFire, type Answer } from './service-under-fire.ts'

/** Short limits, so that every connection ends by itself: idle ones, and those that stopped within a request. */
const HASTY = { headersTimeoutMs: 60, requestTimeoutMs: 80, timeoutCheckMs: 10, keepAliveTimeoutMs: 20 }
/** For complete requests: on a busy machine their bytes may arrive some time apart. */
const PATIENT = { ...HASTY, headersTimeoutMs: 10_000, requestTimeoutMs: 10_000 }
const DEPOSIT = { account: 'user:8', amount: 1 }
const BODY = JSON.stringify(DEPOSIT)

let hasty: ServiceUnderFire
let patient: ServiceUnderFire
before(async () => {
  hasty = await start(HASTY)
  patient = await start(PATIENT)
})
after(async () => {
  await stop(hasty)
  await stop(patient)
})

async function start(limits: typeof HASTY): Promise<ServiceUnderFire> {
  const service = await ServiceUnderFire.start({ name: 'memory', server: null }, limits)
  service.app.server.keepAliveTimeoutBuffer = 0
  return service
}

async function stop(service: ServiceUnderFire): Promise<void> {
  try {
    await service.checkHealth()
  } finally {
    await service[Symbol.asyncDispose]()
  }
}

/** Every answer is a valid one, and requests that were not accepted had no effect. */
async function assertHeld(service: ServiceUnderFire, pieces: readonly (string | Buffer)[]): Promise<readonly Answer[]> {
  const before = await service.books()
  const { answers, rest, wasReset } = await converse(service.port, pieces)
  for (const answer of answers) assertAnswer('GET', answer)
  assert.equal(rest, '')
  // A reset discards answers that have arrived and were not read yet, so they cannot be checked.
  if (wasReset) return answers
  const acceptedCount = answers.filter(({ status }) => status < 300).length
  const books = await service.books()
  if (acceptedCount === 0) assert.deepEqual(books, before)
  assert.ok(books.requestsCount - before.requestsCount <= acceptedCount)
  return answers
}

function post(headers: readonly string[], body: string): string {
  return ['POST /v1/deposits HTTP/1.1', 'Host: localhost', 'Content-Type: application/json', ...headers, '', body].join(
    '\r\n',
  )
}

function get(target: string, headers: readonly string[] = ['Host: localhost'], version = 'HTTP/1.1'): string {
  return [`GET ${target} ${version}`, ...headers, '', ''].join('\r\n')
}

const LENGTH = `Content-Length: ${BODY.length}`
const CHUNKED = 'Transfer-Encoding: chunked'
const CHUNKS = `${BODY.length.toString(16)}\r\n${BODY}\r\n0\r\n\r\n`

/** None of these may be taken as a deposit. */
const REFUSED: readonly (readonly [what: string, bytes: string | Buffer])[] = [
  ['two lengths that differ', post([LENGTH, 'Content-Length: 1'], BODY)],
  ['two lengths in one header', post([`${LENGTH}, ${BODY.length}`], BODY)],
  ['a length and chunks', post([LENGTH, CHUNKED], CHUNKS)],
  ['chunks and a length', post([CHUNKED, 'Content-Length: 3'], CHUNKS)],
  ['a negative length', post(['Content-Length: -1'], BODY)],
  ['a length with a plus', post([`Content-Length: +${BODY.length}`], BODY)],
  ['a length in hexadecimal', post([`Content-Length: 0x${BODY.length.toString(16)}`], BODY)],
  ['a length beyond 64 bits', post(['Content-Length: 99999999999999999999'], BODY)],
  ['a space before the colon', post([`Content-Length : ${BODY.length}`], BODY)],
  ['an encoding that is none', post(['Transfer-Encoding: xchunked'], CHUNKS)],
  ['chunks that are not the last encoding', post(['Transfer-Encoding: chunked, gzip'], CHUNKS)],
  ['a chunk size that is none', post([CHUNKED], `xyz\r\n${BODY}\r\n0\r\n\r\n`)],
  ['a negative chunk size', post([CHUNKED], `-1\r\n${BODY}\r\n0\r\n\r\n`)],
  ['a chunk size beyond 64 bits', post([CHUNKED], `ffffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`)],
  ['a chunk longer than it says', post([CHUNKED], `3\r\n${BODY}\r\n0\r\n\r\n`)],
  ['chunks without an end', post([CHUNKED], `${BODY.length.toString(16)}\r\n${BODY}\r\n`)],
  ['a chunk extension without end', post([CHUNKED], `1;${'x'.repeat(40_000)}\r\n{\r\n0\r\n\r\n`)],
  ['trailers without end', post([CHUNKED], `2\r\n{}\r\n0\r\n${'X-Trailer: x\r\n'.repeat(4_000)}\r\n`)],
  ['a body that is missing', post([], '')],
  [
    'a gzipped body',
    Buffer.concat([
      Buffer.from(post(['Content-Encoding: gzip', `Content-Length: ${gzipSync(BODY).length}`], '')),
      gzipSync(BODY),
    ]),
  ],
  ['plain text that calls itself gzip', post(['Content-Encoding: gzip', LENGTH], BODY)],
  ['a line folded', post([`X-Folded: a\r\n b`, LENGTH], BODY)],
  ['a header without a colon', post(['Nonsense', LENGTH], BODY)],
  ['a header without a name', post([': x', LENGTH], BODY)],
  ['a NUL in a header', post(['X-Nul: a\0b', LENGTH], BODY)],
  ['a NUL in a header name', post(['X-N\0l: a', LENGTH], BODY)],
  ['lines that end in a carriage return', post([LENGTH], BODY).replaceAll('\r\n', '\r')],
  ['no host', get('/v1/nowhere', [])],
  ['two hosts', post(['host: y', LENGTH], BODY)],
  ['two hosts of HTTP/1.0', get('/healthz', ['Host: localhost', 'Host: localhost'], 'HTTP/1.0')],
  ['HTTP/0.9', 'GET /healthz\r\n'],
  ['HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/9.9', get('/healthz', ['Host: localhost'], 'HTTP/9.9')],
  ['another protocol', 'SSH-2.0-OpenSSH_9.6\r\n'],
  ['a TLS handshake', Buffer.from('16030100a5010000a10303', 'hex')],
  ['nothing but NUL', Buffer.alloc(1_000)],
  ['a method that is none', 'DEPOSIT /v1/deposits HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n'],
  ['TRACE', 'TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a star for a target', 'OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ['a target of another host', get('http://evil.example/v1/nowhere')],
  ['a target without a slash', get('v1/holds')],
  ['a target with a NUL', get('/v1/holds/\0')],
  ['a target with raw bytes', get('/v1/holds/\xff\xfe')],
  ['a target with a space', get('/v1/holds/a b')],
  ['a target that climbs', get('/docs/static/../../../package.json')],
  ['a target that climbs encoded', get('/docs/static/..%2f..%2f..%2fpackage.json')],
  ['a target that climbs encoded twice', get('/docs/static/%252e%252e/%252e%252e/package.json')],
  ['a target that climbs backwards', get('/docs/static/..\\..\\package.json')],
  ['a target beyond the limit', get(`/v1/holds/${'x'.repeat(20_000)}`)],
  [
    'more headers than fit',
    get('/healthz', ['Host: localhost', ...Array.from({ length: 4_000 }, () => 'X-A: xxxxxxxx')]),
  ],
]

describe('what cannot be taken for a request', () => {
  for (const [what, bytes] of REFUSED) {
    test(`${what} is refused with a problem, and the connection ends`, async () => {
      const answers = await assertHeld(hasty, [bytes])
      assert.ok(answers.length > 0, 'no answer')
      for (const { status } of answers) assert.ok(status >= 400, `${status} for ${what}`)
    })
  }

  test('they are counted', () => tell('malformed requests', REFUSED.length))
})

describe('HTTP that is odd, but right', () => {
  test('an Idempotency-Key counts wherever it stands among the headers', async () => {
    const many = Array.from({ length: 2_500 }, () => 'a:')
    const bytes = requestText('POST', '/v1/deposits', DEPOSIT, [...many, 'Idempotency-Key: last-of-many'])
    const answers = await assertHeld(patient, [bytes, bytes])
    assert.deepEqual(
      answers.map(({ status, headers }) => [status, headers.get('idempotent-replayed')]),
      [
        [201, null],
        [201, 'true'],
      ],
    )
  })

  test('an expectation that is not known is passed over', async () => {
    const answers = await assertHeld(patient, [
      requestText('POST', '/v1/deposits', DEPOSIT, ['Expect: the-unexpected']),
    ])
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201],
    )
  })

  test('requests that are pipelined are answered in order, also around those that are refused', async () => {
    const texts = Array.from({ length: 60 }, (_, index) =>
      requestText('POST', '/v1/deposits', {
        requestId: `pipelined-${index}`,
        ...DEPOSIT,
        amount: index % 3 === 2 ? 0 : 1,
      }),
    )
    const answers = await assertHeld(patient, [texts.join('')])
    assert.equal(answers.length, texts.length)
    for (const [index, { status, body }] of answers.entries()) {
      assert.equal(status, index % 3 === 2 ? 400 : 201)
      if (status === 201) assert.equal(body?.['id'], `pipelined-${index}`)
    }
  })

  for (const [what, nonsense] of [
    ['bytes that are no request', 'NONSENSE\r\n\r\n'],
    ['a CONNECT', 'CONNECT evil.example:443 HTTP/1.1\r\nHost: localhost\r\n\r\n'],
  ] as const) {
    test(`a request is answered for itself when ${what} follow in the same piece`, async () => {
      const answers = await assertHeld(patient, [requestText('POST', '/v1/deposits', DEPOSIT) + nonsense])
      assert.deepEqual(
        answers.map(({ status }) => status),
        [201, 400],
      )
    })
  }

  test('a body in single bytes is a body', async () => {
    const answers = await assertHeld(patient, [...requestText('POST', '/v1/deposits', DEPOSIT, ['Connection: close'])])
    assert.deepEqual(
      answers.map(({ status }) => status),
      [201],
    )
  })
})

/** Bytes changed, removed or inserted anywhere in valid requests. */
const edits = fc.array(
  fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.constantFrom(0, 0, 1, 2, 40),
    bytes: fc.oneof(
      fc.constantFrom(
        '\r\n',
        '\n',
        '\r',
        '\0',
        ' ',
        ':',
        '0',
        '\r\n\r\n',
        '\xff',
        'Content-Length: 5\r\n',
        'Transfer-Encoding: chunked\r\n',
      ),
      fc.string({ unit: 'binary-ascii', maxLength: 4 }),
    ),
  }),
  { minLength: 1, maxLength: 4 },
)
const originals = fc.constantFrom(
  requestText('POST', '/v1/deposits', { requestId: 'edited', ...DEPOSIT }),
  post([CHUNKED, 'Idempotency-Key: edited-chunks'], CHUNKS),
  requestText('PUT', '/v1/accounts/user:8', { floor: '-5' }) + get('/v1/accounts/user:8'),
  get('/v1/holds?account=user:8&limit=10') + get('/readyz'),
)

test('requests with bytes changed anywhere are answered or refused, and the connection ends', async () => {
  const inputs = fc.record({
    original: originals,
    edits,
    cuts: fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 3 }),
  })
  await tryInputs('requests with bytes changed', 300, inputs, async ({ original, edits, cuts }) => {
    let text = original
    for (const { at, drop, bytes } of edits) {
      const place = Math.floor(at * text.length)
      text = text.slice(0, place) + bytes + text.slice(place + drop)
    }
    const places = cuts.map((at) => Math.floor(at * text.length)).sort((left, right) => left - right)
    const pieces = [...places, text.length].map((end, index) => text.slice(index === 0 ? 0 : places[index - 1], end))
    await assertHeld(
      hasty,
      pieces.filter((piece) => piece !== ''),
    )
  })
})

test('a connection that is cut before its request was whole has no effect, and after it at most one', async () => {
  let number = 0
  const inputs = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), isReset: fc.boolean() })
  await tryInputs('connections cut early', 200, inputs, async ({ at, isReset }) => {
    const text = requestText('POST', '/v1/deposits', { requestId: `cut-${++number}`, ...DEPOSIT })
    const length = Math.ceil(at * text.length)
    const before = await patient.books()
    const socket = await openSocket(patient.port)
    await new Promise<unknown>((resolve) => socket.write(text.slice(0, length), resolve))
    if (isReset) socket.resetAndDestroy()
    else socket.destroy()
    // When this is answered, everything sent before on other connections has been read.
    assert.equal((await patient.call('GET', '/readyz')).status, 200)
    const after = await patient.books()
    const most = length < text.length ? 0 : 1
    assert.ok(after.requestsCount - before.requestsCount <= most, `cut after ${length} of ${text.length} bytes`)
  })
})
