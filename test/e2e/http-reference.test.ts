/** The OpenAPI document and the page that shows it. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { describe, test } from 'node:test'
import type { ProblemCode } from '../../src/api/problem.ts'
import { isServiceCode, PROBLEMS } from '../../src/api/problems.ts'
import { VERSION } from '../../src/version.ts'
import { HttpService } from '../support/http-service.ts'

type Json = Readonly<Record<string, unknown>>

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly responses: Readonly<Record<string, { readonly content?: Readonly<Record<string, Json>> }>>
}

interface Document {
  readonly openapi: string
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>> }
}

async function documentOf(service: HttpService): Promise<Document> {
  const { status, body } = await service.get('/openapi.json')
  assert.equal(status, 200)
  return body as unknown as Document
}

function operationsOf(document: Document): readonly (Operation & { readonly route: string })[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ ...operation, route: `${method.toUpperCase()} ${path}` })),
  )
}

function* referencesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return
  for (const [key, item] of Object.entries(value)) {
    if (key === '$ref') yield String(item)
    else yield* referencesIn(item)
  }
}

describe('the document', () => {
  test('lists every route of the service', async () => {
    await using service = await HttpService.start()
    const document = await documentOf(service)
    assert.equal(document.openapi, '3.1.0')
    assert.deepEqual(
      operationsOf(document)
        .map(({ route }) => route)
        .sort(),
      [
        'GET /healthz',
        'GET /livez',
        'GET /readyz',
        'GET /v1/accounts',
        'GET /v1/accounts/{account}',
        'GET /v1/accounts/{account}/balances/{asset}',
        'GET /v1/accounts/{account}/postings',
        'GET /v1/accounts/{account}/postings/export',
        'GET /v1/assets',
        'GET /v1/entries',
        'GET /v1/entries/{id}',
        'GET /v1/holds',
        'GET /v1/holds/{id}',
        'GET /v1/holds/{id}/history',
        'GET /v1/keys',
        'GET /v1/rates',
        'GET /v1/rates/{from}/{to}',
        'GET /v1/stats',
        'GET /v1/whoami',
        'POST /v1/accounts/{account}/block',
        'POST /v1/accounts/{account}/merge',
        'POST /v1/accounts/{account}/unblock',
        'POST /v1/batches',
        'POST /v1/charges',
        'POST /v1/deposits',
        'POST /v1/doctor',
        'POST /v1/holds',
        'POST /v1/holds/{id}/amend',
        'POST /v1/holds/{id}/refund',
        'POST /v1/holds/{id}/release',
        'POST /v1/holds/{id}/settle',
        'POST /v1/keys',
        'POST /v1/keys/{name}/revoke',
        'POST /v1/keys/{name}/rotate',
        'POST /v1/reconcile',
        'POST /v1/transfers',
        'POST /v1/verify',
        'PUT /v1/accounts/{account}',
        'PUT /v1/assets/{code}',
        'PUT /v1/house-accounts/{account}',
        'PUT /v1/rates/{from}/{to}',
      ],
    )
  })

  test('names every operation once, in words, under a tag that is described', async () => {
    await using service = await HttpService.start()
    const document = (await documentOf(service)) as Document & { readonly tags: readonly { readonly name: string }[] }
    const operations = operationsOf(document)
    assert.equal(new Set(operations.map(({ operationId }) => operationId)).size, operations.length)
    for (const { route, summary, tags } of operations) {
      assert.ok(summary, route)
      assert.ok(
        document.tags.some(({ name }) => name === tags[0]),
        route,
      )
    }
  })

  test('leads every reference to a schema, and uses every schema', async () => {
    await using service = await HttpService.start()
    const document = await documentOf(service)
    const known = Object.keys(document.components.schemas).map((name) => `#/components/schemas/${name}`)
    const used = new Set(referencesIn(document))
    for (const reference of used) assert.ok(known.includes(reference), `${reference} leads nowhere`)
    for (const reference of known) assert.ok(used.has(reference), `${reference} is not used`)
  })

  test('has an example of every problem, under its own status', async () => {
    await using service = await HttpService.start()
    const document = await documentOf(service)
    const seen = new Set<string>()
    for (const { route, responses } of operationsOf(document)) {
      for (const [status, { content }] of Object.entries(responses)) {
        const examples = content?.['application/problem+json']?.['examples'] as
          | Record<string, { value: Json }>
          | undefined
        assert.equal(examples === undefined, Number(status) < 400, `${route} ${status}`)
        for (const [code, { value }] of Object.entries(examples ?? {})) {
          assert.deepEqual([value['code'], value['status']], [code, Number(status)], route)
          seen.add(code)
        }
      }
    }
    // These occur without a route, only in the answer of a batch request, or never for a caller.
    const elsewhere = new Set<ProblemCode>(['method_not_allowed', 'batch_aborted', 'hold_not_due'])
    const codes = (Object.keys(PROBLEMS) as ProblemCode[]).filter((code) => isServiceCode(code) && !elsewhere.has(code))
    assert.deepEqual([...seen].sort(), [...codes].sort())
  })

  test('is the one that is committed', async () => {
    await using service = await HttpService.start()
    const committed = await readFile(new URL('../../openapi.json', import.meta.url), 'utf8')
    assert.deepEqual(await documentOf(service), JSON.parse(committed))
  })
})

describe('the first page', () => {
  const BROWSER = { accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8' }

  test('says in a browser what this is, and leads to the reference and to health, if no console was built', async () => {
    await using service = await HttpService.start({ http: { console: null } })
    const { status, headers, text } = await service.call('GET', '/', undefined, { headers: BROWSER })
    assert.equal(status, 200)
    assert.match(headers.get('content-type') ?? '', /^text\/html/)
    assert.ok(text.includes(VERSION))
    const links = [...text.matchAll(/href="([^"]+)"/g)].map(([, link]) => link!)
    for (const link of ['docs/', 'openapi.json', 'readyz', 'livez']) assert.ok(links.includes(link), link)
    for (const link of links) assert.equal((await fetch(new URL(link, service.url))).status, 200, link)
  })

  test('runs and loads nothing but what its policy names', async () => {
    await using service = await HttpService.start({ http: { console: null } })
    const { headers, text } = await service.call('GET', '/', undefined, { headers: BROWSER })
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /^default-src 'none'/)
    assert.doesNotMatch(policy, /unsafe|https?:/)
    const style = /<style>([^]*)<\/style>/.exec(text)?.[1] ?? ''
    assert.ok(policy.includes(`'sha256-${createHash('sha256').update(style).digest('base64')}'`))
    assert.doesNotMatch(text, / style=|<script/)
  })

  test('is a problem for programs', async () => {
    await using service = await HttpService.start()
    for (const accept of ['application/json', '*/*']) {
      const { status, body } = await service.call('GET', '/', undefined, { headers: { accept } })
      assert.deepEqual([status, body['code']], [404, 'route_not_found'])
    }
    assert.equal((await service.post('/')).body['code'], 'method_not_allowed')
  })
})

describe('the reference', () => {
  test('shows the name and the version of Holdfast, and the logo of nobody else', async () => {
    await using service = await HttpService.start()
    const page = await service.get('/docs/')
    assert.match(page.text, new RegExp(`<title>Holdfast ${VERSION}: reference</title>`))
    assert.doesNotMatch(page.text, /favicon/)
    const start = await service.get('/docs/static/swagger-initializer.js')
    assert.match(start.text, /"layout":"BaseLayout"/)
    const { info } = (await service.get('/docs/json')).body as { info: { version: string } }
    assert.equal(info.version, VERSION)
    assert.ok((await service.get('/docs/static/theme/holdfast.svg')).text.includes('aria-label="Holdfast"'))
  })

  test('needs nothing from another host', async () => {
    await using service = await HttpService.start()
    const page = await service.get('/docs')
    assert.equal(page.status, 200)
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
    const links = [...page.text.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, link]) => link!)
    assert.ok(links.length >= 5, page.text)
    for (const link of links) {
      assert.ok(link.startsWith('/docs/'), link)
      assert.equal((await fetch(service.url + link)).status, 200, link)
    }
    assert.equal((await service.get('/docs/json')).body['openapi'], '3.1.0')
  })

  test('lets the browser load from its own host only, with or without TLS', async () => {
    await using service = await HttpService.start()
    const { headers } = await service.get('/docs/')
    const policy = headers.get('content-security-policy') ?? ''
    assert.match(policy, /default-src 'self'/)
    assert.doesNotMatch(policy, /https?:|unsafe|upgrade-insecure-requests/)
    assert.equal(headers.get('strict-transport-security'), null)
  })
})
