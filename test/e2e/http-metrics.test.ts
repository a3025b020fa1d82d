/** `/metrics` of a real service, at its port and at one of its own. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { ServiceProcess } from '../../harness/service-process.ts'

async function post(url: string, path: string, body: object): Promise<number> {
  const headers = { 'content-type': 'application/json' }
  return (await fetch(url + path, { method: 'POST', headers, body: JSON.stringify(body) })).status
}

async function metricsAt(url: string): Promise<string> {
  const response = await fetch(`${url}/metrics`)
  assert.equal(response.status, 200)
  assert.match(response.headers.get('content-type') ?? '', /^text\/plain; version=0\.0\.4/)
  return await response.text()
}

describe('a service', () => {
  test('counts commands and requests at /metrics', async () => {
    await using service = await ServiceProcess.start('memory:')
    assert.equal(await post(service.url, '/v1/deposits', { account: 'user:8', amount: '5' }), 201)
    assert.equal(await post(service.url, '/v1/holds', { account: 'user:8', amount: '50' }), 402)
    const text = await metricsAt(service.url)
    assert.match(text, /^holdfast_commands_total\{kind="deposit",outcome="applied",code=""\} 1$/m)
    assert.match(text, /^holdfast_commands_total\{kind="freeze",outcome="rejected",code="insufficient_funds"\} 1$/m)
    assert.match(
      text,
      /^http_server_request_duration_seconds_count\{http_request_method="POST",http_route="\/v1\/holds",http_response_status_code="402"\} 1$/m,
    )
    assert.match(text, /^holdfast_expiry_lag_seconds 0$/m)
    assert.match(text, /^nodejs_eventloop_lag_seconds /m)
    assert.doesNotMatch(text, /user:8/)
  })

  test('has them at a port of their own instead, and nothing else is there', async () => {
    await using service = await ServiceProcess.start('memory:', ['--metrics-port', '0'])
    const [, url] = /"metrics":"(http:[^"]+)\/metrics"/.exec(service.log) ?? assert.fail(service.log)
    assert.match(await metricsAt(url!), /^holdfast_build_info/m)
    assert.equal((await fetch(`${service.url}/metrics`)).status, 404)
    const elsewhere = await fetch(`${url}/v1/accounts/user:8`)
    assert.deepEqual(
      [elsewhere.status, elsewhere.headers.get('content-type')],
      [404, 'application/problem+json; charset=utf-8'],
    )
    assert.equal(await service.stop(), 0)
  })
})
