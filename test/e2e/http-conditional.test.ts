/** Conditional requests (RFC 9110, section 13): tags on answers, `If-Match` on commands and reads, `If-None-Match` on reads. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { TAGS_MAX } from '../../src/http/conditional.ts'
import { assertProblem, HttpService, type Answer } from '../support/http-service.ts'
import { repeatOf } from '../support/repeats.ts'

function tagOf({ headers, status, text }: Answer): string {
  const tag = headers.get('etag')
  assert.match(tag ?? '', /^"[0-9]+-[0-9a-z]+"$/, `${status} ${text}`)
  return tag!
}

async function started(): Promise<HttpService> {
  const service = await HttpService.start()
  await service.give('user:8', 100)
  await service.post('/v1/holds', { requestId: 'h', account: 'user:8', amount: 10 })
  return service
}

const HOLD = '/v1/holds/h'
const BALANCE = '/v1/accounts/user:8/balances/credit'

describe('tags', () => {
  test('every answer about one hold or balance has the tag that its read has', async () => {
    await using service = await started()
    const current = async (path: string): Promise<string> => tagOf(await service.get(path))
    const frozen = await service.post('/v1/holds', { requestId: 'g', account: 'user:8', amount: 10 })
    assert.equal(tagOf(frozen), await current('/v1/holds/g'))
    const steps: readonly (readonly [path: string, body: object])[] = [
      ['settle', { requestId: 'p', amount: 2, final: false }],
      ['amend', { requestId: 'a', by: 5 }],
      ['settle', { amount: 3 }],
      ['refund', { requestId: 'r', amount: 1 }],
    ]
    const seen = new Set([await current(HOLD)])
    for (const [path, body] of steps) {
      const tag = tagOf(await service.post(`${HOLD}/${path}`, body))
      assert.equal(tag, await current(HOLD), path)
      seen.add(tag)
    }
    assert.equal(seen.size, 5, 'every step makes another tag')
    assert.equal(tagOf(await service.post('/v1/holds/g/release', {})), await current('/v1/holds/g'))
    const opened = await service.call('PUT', '/v1/accounts/user:8', { floor: -5 })
    assert.equal(tagOf(opened), await current(BALANCE))
    // A repeat has the tag of its answer, which is the first one.
    assert.equal(
      tagOf(await service.post('/v1/holds', { requestId: 'g', account: 'user:8', amount: 10 })),
      tagOf(frozen),
    )
  })

  test('an answer about several balances has none', async () => {
    await using service = await started()
    for (const path of ['/v1/accounts/user:8', '/v1/holds', `${HOLD}/history`]) {
      assert.equal((await service.get(path)).headers.get('etag'), null)
    }
    const deposit = await service.post('/v1/deposits', { account: 'user:8', amount: 1 })
    assert.equal(deposit.headers.get('etag'), null)
    const metadata = await service.put('/v1/accounts/user:8', { metadata: { plan: 'pro' } })
    assert.deepEqual([metadata.status, metadata.headers.get('etag')], [200, null])
  })

  test('the same number with other contents has another tag', async () => {
    const tags: string[] = []
    for (const amount of [100, 101]) {
      await using service = await HttpService.start()
      await service.give('user:8', amount)
      const answer = await service.get(BALANCE)
      assert.equal(answer.body['version'], 1)
      tags.push(tagOf(answer))
    }
    assert.notEqual(tags[0], tags[1])
  })
})

describe('reads', () => {
  test('what the caller has already is not sent again', async () => {
    await using service = await started()
    for (const path of [HOLD, BALANCE]) {
      const tag = tagOf(await service.get(path))
      for (const known of [tag, `W/${tag}`, `"other", ${tag}`, '*', `,, ${tag} ,`]) {
        const answer = await service.get(path, { 'if-none-match': known })
        assert.deepEqual([answer.status, answer.text, tagOf(answer)], [304, '', tag], known)
        assert.equal(answer.headers.get('cache-control'), 'no-store')
      }
      for (const known of ['"other"', `"${tag.slice(1, -1)}0"`]) {
        assert.equal((await service.get(path, { 'if-none-match': known })).status, 200)
      }
      assert.equal((await service.get(path, { 'if-match': tag })).status, 200)
      assertProblem(await service.get(path, { 'if-match': '"other"' }), 412, 'changed_meanwhile')
      assertProblem(await service.get(path, { 'if-match': `W/${tag}` }), 412, 'changed_meanwhile')
    }
  })

  test('a balance that is not there is not found, whatever is expected of it', async () => {
    await using service = await started()
    for (const path of ['/v1/accounts/user:9/balances/credit', '/v1/accounts/user:8/balances/gem']) {
      assertProblem(await service.get(path, { 'if-match': '*' }), 404, 'account_not_found')
    }
    assertProblem(await service.get('/v1/accounts/user:8/balances/GEM'), 400, 'invalid_request')
    assert.equal((await service.get('/v1/accounts/@issuer/balances/credit')).body['available'], '-100')
  })
})

describe('commands', () => {
  const withMatch = (match: string): Record<string, string> => ({ 'if-match': match })

  test('are applied if one of the tags is that of the hold, and otherwise refused with what is there', async () => {
    await using service = await started()
    const old = tagOf(await service.get(HOLD))
    const part = (match: string): Promise<Answer> =>
      service.post(`${HOLD}/settle`, { amount: 1, final: false }, withMatch(match))
    const next = tagOf(await part(old))
    for (const match of [old, `W/${next}`, `W/"*"`, '"1"', '"*"', `"other", ${old}`]) {
      const problem = assertProblem(await part(match), 412, 'changed_meanwhile')
      assert.partialDeepStrictEqual(problem, { hold: 'h', steps: 1, state: 'open', held: '9', settled: '1' })
    }
    const third = tagOf(await part(`${old}, ${next}`))
    assert.equal((await part('*')).status, 200)
    assertProblem(await part(third), 412, 'changed_meanwhile')
    assertProblem(await service.post('/v1/holds/none/release', {}, withMatch('*')), 404, 'hold_not_found')
  })

  test('are applied if one of the tags is that of the balance of the account', async () => {
    await using service = await started()
    const commands: readonly (readonly [method: 'POST' | 'PUT', path: string, body: object])[] = [
      ['POST', '/v1/deposits', { account: 'user:8', amount: 5 }],
      ['POST', '/v1/charges', { account: 'user:8', amount: 5 }],
      ['POST', '/v1/holds', { account: 'user:8', amount: 5 }],
      ['PUT', '/v1/accounts/user:8', { floor: -5 }],
    ]
    for (const [method, path, body] of commands) {
      const tag = tagOf(await service.get(BALANCE))
      const first = await service.call(method, path, { ...body, requestId: path }, { headers: withMatch(tag) })
      assert.ok(first.status === 200 || first.status === 201, first.text)
      const problem = assertProblem(
        await service.call(method, path, body, { headers: withMatch(tag) }),
        412,
        'changed_meanwhile',
      )
      assert.deepEqual([problem['account'], problem['asset']], ['user:8', 'credit'])
      // The same request again: it was applied, and its answer is the first one.
      const again = await service.call(method, path, { ...body, requestId: path }, { headers: withMatch(tag) })
      assert.deepEqual([again.body, again.headers.get('idempotent-replayed')], [repeatOf(first.body), 'true'])
    }
    const fresh = await service.call('PUT', '/v1/accounts/user:9', { floor: 0 }, { headers: withMatch('*') })
    assert.equal(assertProblem(fresh, 412, 'changed_meanwhile')['version'], 0)
  })

  test('a condition that is not understood is refused, never ignored', async () => {
    await using service = await started()
    const before = (await service.get(HOLD)).text
    const many = Array.from({ length: TAGS_MAX + 1 }, (_, index) => `"${index}"`).join()
    const malformed = ['', ',', '3-abc', '"3-abc', 'w/"a"', '"a" "b"', '"a"b', '*, "a"', '"a";q=1', many]
    for (const match of malformed) {
      for (const path of ['release', 'settle']) {
        const answer = await service.post(`${HOLD}/${path}`, path === 'settle' ? { amount: 1 } : {}, withMatch(match))
        assert.equal(assertProblem(answer, 400, 'invalid_request')['parameter'], 'If-Match', match)
      }
      const read = await service.get(HOLD, { 'if-none-match': match })
      assert.equal(assertProblem(read, 400, 'invalid_request')['parameter'], 'If-None-Match', match)
    }
    const refused: readonly (readonly [method: 'POST' | 'PUT', path: string, body: object, says: RegExp])[] = [
      ['POST', '/v1/transfers', { legs: [{ from: 'user:8', to: 'user:9', amount: 1 }] }, /Give a leg the `ifVersion`/],
      [
        'POST',
        '/v1/batches',
        { commands: [{ kind: 'release', hold: 'h' }] },
        /Give the commands `ifVersion` or `ifSteps`/,
      ],
      ['PUT', '/v1/assets/gold', {}, /not possible for this route/],
      ['PUT', '/v1/accounts/user:8', { metadata: { plan: 'pro' } }, /tags of a balance/],
      ['POST', `${HOLD}/release`, { ifSteps: 0 }, /Send If-Match or ifSteps, not both/],
      ['POST', '/v1/charges', { account: 'user:8', amount: 1, ifVersion: 0 }, /Send If-Match or ifVersion, not both/],
    ]
    for (const [method, path, body, says] of refused) {
      const problem = assertProblem(
        await service.call(method, path, body, { headers: withMatch('"a"') }),
        400,
        'invalid_request',
      )
      assert.match(String(problem['detail']), says)
    }
    const none = await service.post(`${HOLD}/release`, {}, { 'if-none-match': '*' })
    assert.match(String(assertProblem(none, 400, 'invalid_request')['detail']), /If-None-Match is not possible/)
    assert.equal((await service.get(HOLD)).text, before)
  })

  test('a long list of tags is read in bounded time', async () => {
    await using service = await started()
    for (const match of [
      ','.repeat(12_000),
      `"${'a'.repeat(12_000)}`,
      ' ,'.repeat(6_000) + '"',
      '"a",'.repeat(3_000),
    ]) {
      const since = performance.now()
      assertProblem(await service.post(`${HOLD}/release`, {}, withMatch(match)), 400, 'invalid_request')
      assert.ok(performance.now() - since < 5_000)
    }
  })

  test('the steps of a body are numbers, and a service says what it wants instead', async () => {
    await using service = await started()
    for (const [path, body, pointer] of [
      [`${HOLD}/release`, { ifSteps: '0' }, '/ifSteps'],
      [`${HOLD}/release`, { ifVersion: 0 }, '/ifVersion'],
      ['/v1/deposits', { account: 'user:8', amount: 1, ifVersion: -1 }, '/ifVersion'],
      ['/v1/transfers', { legs: [{ from: '@promo', to: 'user:9', amount: 1, ifVersion: 1 }] }, '/legs/0/ifVersion'],
    ] as const) {
      assert.equal(assertProblem(await service.post(path, body), 400, 'invalid_request')['pointer'], pointer)
    }
  })
})
