/** Statements over a real socket: filters, instants, and files that are generated while they are sent. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { get as httpGet, type IncomingMessage } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, test } from 'node:test'
import { connect } from '../../src/client/index.ts'
import type { StatementLine } from '../../src/domain/journal.ts'
import { Fault } from '../../src/engine/faults.ts'
import type { HttpLimits } from '../../src/http/limits.ts'
import { endless } from '../support/endless-journal.ts'
import { quiet } from '../support/quiet.ts'
import { withoutEnd } from '../support/end-rows.ts'
import { assertProblem, HttpService } from '../support/http-service.ts'

const PATH = '/v1/accounts/user:8/postings'

async function entriesOf(service: HttpService, query: string): Promise<readonly unknown[]> {
  const { status, body, text } = await service.get(`${PATH}?${query}`)
  assert.equal(status, 200, text)
  return (body['items'] as { entryId: string }[]).map(({ entryId }) => entryId)
}

/** A service with one entry of every kind in the journal of `user:8`. */
async function started(): Promise<HttpService> {
  const service = await HttpService.start()
  const memo = '=1+1,"充值"\n'
  await service.post('/v1/deposits', { requestId: 'd', account: 'user:8', amount: 100, memo, metadata: { n: 1 } })
  await service.post('/v1/holds', { requestId: '=h', account: 'user:8', amount: 10, metadata: { model: 'x' } })
  await service.post('/v1/holds/%3Dh/settle', { amount: 4 })
  return service
}

describe('pages', () => {
  test('are filtered as the query says, and wrong filters are named', async () => {
    await using service = await started()
    assert.deepEqual(await entriesOf(service, 'hold=%3Dh'), ['=h~settle', '=h'])
    assert.deepEqual(await entriesOf(service, 'entry=%3Dh~settle&kind=settle'), ['=h~settle'])
    assert.deepEqual(await entriesOf(service, `memo=${encodeURIComponent('充')}`), ['d'])
    assert.deepEqual(await entriesOf(service, `metadata=${encodeURIComponent('{"model":"x"}')}`), ['=h~settle', '=h'])
    assert.equal((await entriesOf(service, 'from=2030-01-01T00:00:00Z')).length, 0)
    assert.equal((await entriesOf(service, 'until=2030-01-01T01:00:00%2B01:00&from=1')).length, 3)
    const wrong = { from: 'x', until: '0', metadata: '%7B%22a%22:1,%22a%22:2%7D', memo: '', hold: 'a~b', entry: '~' }
    for (const [parameter, value] of Object.entries(wrong)) {
      const answer = await service.get(`${PATH}?${parameter}=${value}`)
      assert.equal(assertProblem(answer, 400, 'invalid_request')['parameter'], parameter)
    }
  })

  test('a line carries what its request does', async () => {
    await using service = await started()
    const { body } = await service.get(`${PATH}?limit=1`)
    assert.partialDeepStrictEqual(body['items'], [
      { change: '-4', counterparties: ['@revenue'], moreCounterparties: false },
    ])
    assert.partialDeepStrictEqual(body['items'], [
      { entryId: '=h~settle', hold: '=h', available: '96', total: '96', memo: null, metadata: { model: 'x' } },
    ])
  })

  test('holds are filtered by time and metadata', async () => {
    await using service = await started()
    const idsOf = async (query: string): Promise<unknown> => {
      const { body } = await service.get(`/v1/holds?${query}`)
      return (body['items'] as { id: string }[]).map(({ id }) => id)
    }
    assert.deepEqual(await idsOf('metadata=%7B%22model%22:%22x%22%7D'), ['=h'])
    assert.deepEqual(await idsOf('account=user:8&from=2030-01-01T00:00:00Z'), [])
  })

  test('an account can be seen as it was', async () => {
    await using service = await started()
    const { body } = await service.get(PATH)
    const [settled, frozen] = body['items'] as { at: string }[]
    const then = await service.get(`/v1/accounts/user:8?at=${frozen!.at}`)
    const isSameMoment = settled!.at === frozen!.at
    assert.partialDeepStrictEqual(then.body['balances'], [isSameMoment ? { available: '96' } : { held: '10' }])
    assert.deepEqual((await service.get('/v1/accounts/user:8?at=1')).body['balances'], [])
    assertProblem(await service.get('/v1/accounts/nobody?at=1'), 404, 'account_not_found')
    assert.equal(
      assertProblem(await service.get('/v1/accounts/user:8?at=now'), 400, 'invalid_request')['parameter'],
      'at',
    )
  })
})

describe('files', () => {
  test('CSV has a head, CRLF and quotes, and no text that a spreadsheet runs', async () => {
    await using service = await started()
    const { status, headers, text } = await service.get(`${PATH}/export?format=csv`)
    assert.equal(status, 200)
    assert.equal(headers.get('content-type'), 'text/csv; charset=utf-8')
    assert.equal(headers.get('content-disposition'), 'attachment; filename="postings.csv"')
    const rows = text.replaceAll(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'AT').split('\r\n')
    assert.deepEqual(rows, [
      'at,kind,change,counterparties,entryId,hold,account,asset,stripe,version,availableDelta,heldDelta,available,held,total,memo,metadata,by',
      `AT,settle,-4,'@revenue,'=h~settle,'=h,user:8,credit,0,3,6,-10,96,0,96,,"{""model"":""x""}",`,
      `AT,freeze,0,,'=h,'=h,user:8,credit,0,2,-10,10,90,10,100,,"{""model"":""x""}",`,
      `AT,deposit,100,'@issuer,d,,user:8,credit,0,1,100,0,100,0,100,"'=1+1,""充值""\n","{""n"":1}",`,
      '#end,3,AT,,,,,,,,,,,,,,,',
      '',
    ])
  })

  test('several counterparties are a list, and one more than is shown is said', async () => {
    await using service = await HttpService.start()
    const names = Array.from({ length: 11 }, (_, index) => `user:${10 + index}`)
    await service.post('/v1/deposits', { account: 'user:8', amount: 100 })
    for (const some of [names.slice(0, 2), names]) {
      await service.post('/v1/transfers', { legs: some.map((to) => ({ from: 'user:8', to, amount: 1 })) })
    }
    const { text } = await service.get(`${PATH}/export?format=csv&kind=transfer`)
    const [, all, two] = text.replaceAll('""', '"').split('\r\n')
    assert.match(two!, /,transfer,-2,"\["user:10","user:11"\]",/)
    assert.match(all!, /,transfer,-11,"\["user:10",.*"user:19","…"\]",/)
    const { body } = await service.get(`${PATH}?limit=1`)
    assert.partialDeepStrictEqual(body['items'], [{ counterparties: names.slice(0, 10), moreCounterparties: true }])
    await using ledger = connect(service.url)
    const { items } = await ledger.postings('user:10', { limit: 1 })
    assert.partialDeepStrictEqual(items, [{ change: 1n, counterparties: ['user:8'], moreCounterparties: false }])
  })

  test('NDJSON has the lines of the pages, filtered alike, every value as it is', async () => {
    await using service = await started()
    const { headers, text } = await service.get(`${PATH}/export?format=ndjson`)
    assert.equal(headers.get('content-type'), 'application/x-ndjson; charset=utf-8')
    const lines = text.trimEnd().split('\n')
    const { body } = await service.get(PATH)
    const { at, ...end } = JSON.parse(lines.pop()!) as Record<string, unknown>
    assert.equal(Number.isNaN(Date.parse(String(at))), false)
    assert.deepEqual(end, { end: true, rows: 3 })
    assert.deepEqual(
      lines.map((line) => JSON.parse(line) as unknown),
      body['items'],
    )
    const filtered = await service.get(`${PATH}/export?format=ndjson&kind=deposit`)
    assert.equal(withoutEnd(filtered.text), `${lines[2]}\n`)
    assert.match(filtered.text, /\n{"end":true,"rows":1,"at":"[^"]+"}\n$/)
  })

  test('what is wrong is answered as a problem before anything is sent', async () => {
    await using service = await started()
    const wrong = { 'format=xml': 'format', '': 'format', 'format=csv&limit=5': 'limit', 'format=csv&from=x': 'from' }
    for (const [query, parameter] of Object.entries(wrong)) {
      const answer = await service.get(`${PATH}/export?${query}`)
      assert.equal(assertProblem(answer, 400, 'invalid_request')['parameter'], parameter)
    }
    service.reader.postings = () => Promise.reject(new Fault('store_unavailable', 'Gone.'))
    assertProblem(await service.get(`${PATH}/export?format=csv`), 503, 'store_unavailable')
  })

  test('the client reads the same lines, page by page, and only as many as are taken', async () => {
    await using service = await started()
    await using ledger = connect(service.url)
    const lines: StatementLine[] = []
    for await (const line of ledger.exportPostings('user:8', { metadata: { model: 'x' } })) lines.push(line)
    assert.deepEqual(
      lines.map(({ entryId, available }) => [entryId, available]),
      [
        ['=h~settle', 96n],
        ['=h', 90n],
      ],
    )
    const then = await ledger.account('user:8', { at: lines[1]!.at - 60_000 })
    assert.deepEqual(then.balances, [])
    const pages = endless(service)
    for await (const line of ledger.exportPostings('user:8')) if (line.version === 999_000) break
    assert.equal(pages.count, 2)
  })
})

async function opened(service: HttpService): Promise<IncomingMessage> {
  const request = httpGet(`${service.url}${PATH}/export?format=ndjson`, { agent: false })
  request.on('error', () => {})
  const [response] = (await once(request, 'response')) as [IncomingMessage]
  response.on('error', () => {})
  return response
}

/** The count, once it has stopped growing. */
async function settled(pages: { readonly count: number }): Promise<number> {
  for (let last = -1; last !== pages.count;) {
    last = pages.count
    await quiet()
  }
  return pages.count
}

async function within(limits: Partial<HttpLimits>): Promise<HttpService> {
  return await HttpService.start({ http: { limits } })
}

describe('an export of a journal without end', () => {
  test('is read no faster than its caller takes it, and no further once the caller is gone', async () => {
    await using service = await within({})
    const pages = endless(service)
    const response = await opened(service)
    const unread = await settled(pages)
    assert.ok(unread < 100, `${unread} pages were read for a caller that took nothing`)
    response.resume()
    while (pages.count < unread + 50) await sleep(10)
    response.destroy()
    const gone = await settled(pages)
    await quiet()
    assert.equal(pages.count, gone)
  })

  test('one more than allowed is overloaded, until one of them has ended', async () => {
    await using service = await within({ exportsMax: 2 })
    endless(service)
    const responses = [await opened(service), await opened(service)]
    assertProblem(await service.get(`${PATH}/export?format=csv`), 503, 'overloaded')
    responses[0]!.destroy()
    let status = 503
    for (let tries = 0; status === 503 && tries < 100; tries++) {
      const response = await opened(service)
      status = response.statusCode!
      response.destroy()
      await sleep(10)
    }
    assert.equal(status, 200)
    responses[1]!.destroy()
  })

  test('is cut when its caller takes nothing for too long, or when it takes too long altogether', async () => {
    for (const limits of [{ exportPageMsMax: 200 }, { exportMsMax: 200 }]) {
      await using service = await within({ ...limits, exportsMax: 1 })
      endless(service)
      const response = await opened(service)
      const isSlow = 'exportPageMsMax' in limits
      if (isSlow) await sleep(600)
      response.resume()
      await new Promise((resolve) => response.once('close', resolve))
      assert.equal(response.complete, false, 'a file that was cut must not look whole')
      const next = await opened(service)
      assert.equal(next.statusCode, 200)
      next.destroy()
    }
  })
})
