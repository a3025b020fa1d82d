/** What each scope allows: every route and every kind of command, alone and in batches. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { SCOPES, TOKEN_SCOPES, type Scope } from '../../src/access/scope.ts'
import type { CommandKind } from '../../src/domain/command.ts'
import { createToken, type KeyInput } from '../../src/index.ts'
import { assertProblem, HttpService, NOTICES_KEYS } from '../support/http-service.ts'

type Headers = Readonly<Record<string, string>>

/** The scopes of which one is needed. Written from the documents, not from the table of the service. */
const COMMANDS: { readonly [Kind in CommandKind]: { readonly scopes: readonly Scope[]; readonly command: object } } = {
  deposit: { scopes: ['deposits:write'], command: { kind: 'deposit', account: 'user:8', amount: 1 } },
  charge: { scopes: ['charges:write'], command: { kind: 'charge', account: 'user:8', amount: 1 } },
  transfer: {
    scopes: ['transfers:write'],
    command: { kind: 'transfer', legs: [{ from: 'user:8', to: 'user:9', amount: 1 }] },
  },
  freeze: { scopes: ['holds:write'], command: { kind: 'freeze', account: 'user:8', amount: 1 } },
  settle: { scopes: ['holds:write'], command: { kind: 'settle', hold: 'none', amount: 1 } },
  'settle-part': { scopes: ['holds:write'], command: { kind: 'settle', hold: 'none', amount: 1, final: false } },
  amend: { scopes: ['holds:write'], command: { kind: 'amend', hold: 'none', amount: 1 } },
  release: { scopes: ['holds:write'], command: { kind: 'release', hold: 'none' } },
  refund: { scopes: ['holds:write', 'charges:write'], command: { kind: 'refund', hold: 'none', amount: 1 } },
  open: { scopes: ['accounts:write'], command: { kind: 'open', account: 'user:7', floor: 0 } },
  block: { scopes: ['accounts:write'], command: { kind: 'block', account: 'user:7' } },
  unblock: { scopes: ['accounts:write'], command: { kind: 'unblock', account: 'user:7' } },
  merge: { scopes: ['accounts:write'], command: { kind: 'merge', account: 'user:5', into: 'user:6' } },
  declare: { scopes: ['assets:write'], command: { kind: 'declare', asset: 'gem' } },
  house: { scopes: ['assets:write'], command: { kind: 'house', account: '@promo' } },
  rate: {
    scopes: ['assets:write'],
    command: { kind: 'rate', from: 'credit', to: 'gem', numerator: 1, denominator: 2 },
  },
}

const READS: Readonly<Record<string, readonly Scope[]>> = {
  '/v1/accounts': ['accounts:read'],
  '/v1/accounts/{account}': ['accounts:read'],
  '/v1/accounts/{account}/balances/{asset}': ['accounts:read'],
  '/v1/holds': ['accounts:read'],
  '/v1/holds/{id}': ['accounts:read'],
  '/v1/holds/{id}/history': ['accounts:read'],
  '/v1/assets': SCOPES,
  '/v1/rates': SCOPES,
  '/v1/rates/{from}/{to}': SCOPES,
  '/v1/accounts/{account}/postings': ['statements:read'],
  '/v1/accounts/{account}/postings/export': ['statements:read'],
  '/v1/entries': ['statements:read'],
  '/v1/entries/{id}': ['statements:read'],
  '/v1/stats': ['statements:read'],
  '/v1/keys': ['keys:admin'],
  '/v1/whoami': SCOPES,
}

/** Where a command has a route of its own. */
const WRITES: Readonly<Record<string, readonly Scope[]>> = {
  'POST /v1/deposits': ['deposits:write'],
  'POST /v1/charges': ['charges:write'],
  'POST /v1/transfers': ['transfers:write'],
  'POST /v1/holds': ['holds:write'],
  'POST /v1/holds/{id}/settle': ['holds:write'],
  'POST /v1/holds/{id}/amend': ['holds:write'],
  'POST /v1/holds/{id}/release': ['holds:write'],
  'POST /v1/holds/{id}/refund': ['holds:write', 'charges:write'],
  'PUT /v1/accounts/{account}': ['accounts:write'],
  'POST /v1/accounts/{account}/block': ['accounts:write'],
  'POST /v1/accounts/{account}/unblock': ['accounts:write'],
  'POST /v1/accounts/{account}/merge': ['accounts:write'],
  'PUT /v1/assets/{code}': ['assets:write'],
  'PUT /v1/rates/{from}/{to}': ['assets:write'],
  'PUT /v1/house-accounts/{account}': ['assets:write'],
  'POST /v1/verify': ['checks:read'],
  'POST /v1/doctor': ['checks:read'],
  'POST /v1/reconcile': ['checks:read'],
  'POST /v1/keys': ['keys:admin'],
  'POST /v1/keys/{name}/rotate': ['keys:admin'],
  'POST /v1/keys/{name}/revoke': ['keys:admin'],
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly security?: readonly object[] }>>>>
}

/** Parameters that a reader accepts, and nobody has. */
function pathOf(template: string): string {
  const values: Readonly<Record<string, string>> = {
    account: 'user:8',
    asset: 'credit',
    code: 'gem',
    from: 'credit',
    to: 'gem',
  }
  const path = template.replaceAll(/\{([a-z]+)\}/g, (_, name: string) => values[name] ?? 'none')
  return template.endsWith('/export') ? `${path}?format=csv` : path
}

interface Callers extends AsyncDisposable {
  readonly service: HttpService
  readonly byScope: ReadonlyMap<Scope, Headers>
  /** A caller with every scope but these. */
  readonly without: (scopes: readonly Scope[]) => Promise<Headers>
}

async function callers(): Promise<Callers> {
  const service = await HttpService.start({ http: NOTICES_KEYS })
  const input = (scopes: readonly Scope[]): KeyInput => ({
    name: `key-${scopes.join('+').replaceAll(':', '.')}`.slice(0, 64),
    scopes,
  })
  const byScope = new Map<Scope, Headers>()
  for (const scope of SCOPES) byScope.set(scope, await service.keyed(input([scope])))
  for (const [account, amount] of [
    ['user:8', 1_000],
    ['user:7', 1],
  ]) {
    await service.post('/v1/deposits', { account, amount }, byScope.get('deposits:write'))
  }
  const without = async (scopes: readonly Scope[]): Promise<Headers> => {
    const rest = SCOPES.filter((scope) => !scopes.includes(scope))
    return await service.keyed({
      name: `without-${scopes.join('+').replaceAll(':', '.')}-${crypto.randomUUID().slice(0, 8)}`,
      scopes: rest,
    })
  }
  return { service, byScope, without, [Symbol.asyncDispose]: () => service[Symbol.asyncDispose]() }
}

describe('a scope', () => {
  test('is said of every route below /v1, and no other route needs one', async () => {
    await using service = await HttpService.start()
    const { paths } = (await service.get('/openapi.json')).body as unknown as Document
    const routes = Object.entries(paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(([method, { security }]) => ({
        route: `${method.toUpperCase()} ${path}`,
        path,
        security,
      })),
    )
    const expected: Readonly<Record<string, readonly Scope[]>> = {
      ...Object.fromEntries(Object.entries(READS).map(([path, scopes]) => [`GET ${path}`, scopes])),
      ...WRITES,
      'POST /v1/batches': [],
    }
    const named = Object.fromEntries(
      routes.filter(({ path }) => path.startsWith('/v1/')).map(({ route, security }) => [route, security]),
    )
    const securityOf = (scopes: readonly Scope[]): readonly object[] =>
      scopes.length === 0 || scopes === SCOPES ? [{ key: [] }] : scopes.map((scope) => ({ key: [scope] }))
    assert.deepEqual(
      named,
      Object.fromEntries(Object.entries(expected).map(([route, scopes]) => [route, securityOf(scopes)])),
    )
    for (const { path, security } of routes) if (!path.startsWith('/v1/')) assert.equal(security, undefined, path)
  })

  test('allows its reads, for GET and HEAD, and no others', async () => {
    await using all = await callers()
    const { service, byScope } = all
    for (const [template, scopes] of Object.entries(READS)) {
      for (const [scope, headers] of byScope) {
        const answer = await service.get(pathOf(template), headers)
        const isAllowed = scopes.includes(scope)
        assert.equal(answer.status === 403, !isAllowed, `${template} with ${scope}: ${answer.text}`)
        const head = await fetch(service.url + pathOf(template), { method: 'HEAD', headers })
        // An export has no HEAD.
        if (head.status < 404) assert.equal(head.status === 403, !isAllowed, `HEAD ${template} with ${scope}`)
        if (isAllowed) continue
        assert.deepEqual(assertProblem(answer, 403, 'forbidden')['scope'], scopes[0])
        assert.equal(answer.headers.get('www-authenticate'), `Bearer error="insufficient_scope", scope="${scopes[0]!}"`)
      }
      assertProblem(await service.get(pathOf(template)), 401, 'unauthenticated')
      if (scopes !== SCOPES)
        assertProblem(await service.get(pathOf(template), await all.without(scopes)), 403, 'forbidden')
    }
  })

  test('allows its writes, and no others', async () => {
    await using all = await callers()
    const { service, byScope } = all
    for (const [route, scopes] of Object.entries(WRITES)) {
      const [method, template] = route.split(' ') as [string, string]
      for (const [scope, headers] of byScope) {
        const answer = await service.call(method, pathOf(template), {}, { headers })
        assert.equal(answer.status === 403, !scopes.includes(scope), `${route} with ${scope}: ${answer.text}`)
        if (!scopes.includes(scope)) assertProblem(answer, 403, 'forbidden')
      }
      assertProblem(await service.call(method, pathOf(template), {}), 401, 'unauthenticated')
      assertProblem(
        await service.call(method, pathOf(template), {}, { headers: await all.without(scopes) }),
        403,
        'forbidden',
      )
    }
  })

  test('counts for each command of a batch, and a refused one has no effect', async () => {
    await using all = await callers()
    const { service, byScope } = all
    for (const [kind, { scopes, command }] of Object.entries(COMMANDS)) {
      for (const [scope, headers] of byScope) {
        const commands = [command, { kind: 'freeze', account: 'nobody', amount: 1 }]
        const { status, body, text } = await service.post('/v1/batches', { commands }, headers)
        assert.equal(status, 200, text)
        const [first] = body['outcomes'] as { status: string; problem?: { code: string } }[]
        const isRefused = first!.status === 'rejected' && first!.problem!.code === 'forbidden'
        assert.equal(isRefused, !scopes.includes(scope), `${kind} with ${scope}: ${JSON.stringify(first)}`)
      }
    }
  })

  test('is missing for one command of a batch: the others apply, unless the batch is atomic', async () => {
    await using all = await callers()
    const { service, byScope } = all
    const reader = byScope.get('accounts:read')!
    const holds = byScope.get('holds:write')!
    const commands = [
      { kind: 'freeze', requestId: 'h', account: 'user:8', amount: 100 },
      { kind: 'deposit', requestId: 'd', account: 'user:8', amount: 1_000_000 },
      { kind: 'release', hold: 'none' },
    ]
    const codesOf = (body: Record<string, unknown>): unknown =>
      (body['outcomes'] as { status: string; problem?: { code: string; because?: string } }[]).map(
        ({ status, problem }) => problem?.because ?? problem?.code ?? status,
      )
    const atomic = await service.post('/v1/batches', { commands, atomic: true }, holds)
    assert.deepEqual(codesOf(atomic.body), ['forbidden', 'forbidden', 'forbidden'])
    assert.deepEqual(
      (atomic.body['outcomes'] as { problem: { code: string } }[]).map(({ problem }) => problem.code),
      ['batch_aborted', 'forbidden', 'batch_aborted'],
    )
    const available = async (): Promise<unknown> =>
      (await service.get('/v1/accounts/user:8/balances/credit', reader)).body['available']
    assert.equal(await available(), '1000')
    const each = await service.post('/v1/batches', { commands }, holds)
    assert.deepEqual(codesOf(each.body), ['applied', 'forbidden', 'hold_not_found'])
    assert.equal(await available(), '900')
  })

  test('of a token is one of two, and only if its key has it', async () => {
    await using all = await callers()
    const { service, byScope } = all
    for (const [scope, { authorization }] of byScope) {
      const token = await createToken(authorization!.slice('Bearer '.length), { account: 'user:8' })
      const headers = { authorization: `Bearer ${token}` }
      const statuses = [
        (await service.get('/v1/accounts/user:8', headers)).status,
        (await service.get('/v1/accounts/user:8/postings', headers)).status,
        (await service.get('/v1/keys', headers)).status,
        (await service.post('/v1/batches', { commands: [COMMANDS.freeze.command] }, headers)).status,
        (await service.post('/v1/holds', { account: 'user:8', amount: 1 }, headers)).status,
      ]
      const expected = [scope === 'accounts:read' ? 200 : 403, scope === 'statements:read' ? 200 : 403, 403, 403, 403]
      assert.deepEqual(statuses, expected, scope)
      assert.equal((await service.get('/v1/assets', headers)).status, TOKEN_SCOPES.includes(scope) ? 200 : 403)
    }
  })
})
