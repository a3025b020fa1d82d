/** Every route of the service's own OpenAPI document with valid, nearly valid and arbitrary requests. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import fc from 'fast-check'
import { discoverStores, type StoreUnderTest } from '../../harness/stores.ts'
import { tell, tryInputs } from './budget.ts'
import { damages, wireOf, type Damage } from './damages.ts'
import { operationsOf, Schemas, type Operation } from './operations.ts'
import { draftsOf, type Draft, type WireRequest } from './requests.ts'
import { ServiceUnderFire, type Answer } from './service-under-fire.ts'

/** Inputs per route: more where they are cheap. */
const USUAL: Readonly<Record<string, number>> = { memory: 150, sqlite: 50 }
const USUAL_ON_A_SERVER = 15

/** The books are read before and after every input, so their size is bounded. */
const INPUTS_PER_LEDGER = 2_000

interface Input {
  readonly draft: Draft
  readonly damages: readonly Damage[]
}

for (const store of discoverStores().found) hostileRequests(store)

/** Rounds until every operation has accepted a request; some commands create what others need. */
const ROUNDS_MAX = 2_000

test('every operation of the OpenAPI document is reached by requests that are made from it', async () => {
  await using service = await ServiceUnderFire.start({ name: 'memory', server: null })
  await furnish(service)
  // Keys are made with a key.
  const authorization = await service.makeKey()
  const schemas = new Schemas(service.document)
  // A ledger in memory has no database that could be examined.
  const operations = operationsOf(service.document).filter(({ id }) => id !== 'doctor')
  const left = new Set(operations)
  const drafts = fc.tuple(...operations.map((operation) => draftsOf(operation, schemas)))
  let requestsCount = 0
  for (const round of fc.sample(drafts, { numRuns: ROUNDS_MAX, seed: 4 })) {
    for (const draft of round) {
      // An accepted operation is not sent again: it would use up the holds that others need.
      if (!left.has(draft.operation)) continue
      const wire = wireOf(draft, [])
      const { status } = await service.send({ ...wire, headers: [...wire.headers, ['authorization', authorization]] })
      requestsCount += 1
      if (status < 300) left.delete(draft.operation)
    }
    if (left.size === 0) break
  }
  tell('valid requests until every operation had accepted one', requestsCount)
  // An operation that refuses every request was not tested.
  assert.deepEqual(
    [...left].map(({ id }) => id),
    [],
  )
})

function hostileRequests(store: StoreUnderTest): void {
  describe(`hostile requests to a service on ${store.name}`, () => {
    let service: ServiceUnderFire
    before(async () => {
      service = await ServiceUnderFire.start(store)
      await furnish(service)
    })
    after(async () => await service[Symbol.asyncDispose]())

    test('every route answers each of them as its contract says, and what is refused has no effect', async () => {
      const prototypes = prototypesNow()
      const schemas = new Schemas(service.document)
      const operations = operationsOf(service.document)
      const inputs = fc.oneof(...operations.map((operation) => inputsOf(operation, schemas)))
      const usual = (USUAL[store.name] ?? USUAL_ON_A_SERVER) * operations.length
      let count = 0
      await tryInputs(`requests on ${store.name}`, usual, inputs, async (input) => {
        count += 1
        if (count % INPUTS_PER_LEDGER === 0) service = await renewed(service, store)
        await assertHeld(service, input)
      })
      assert.deepEqual(prototypesNow(), prototypes, 'a prototype was changed')
      await service.checkHealth()
    })
  })
}

async function renewed(service: ServiceUnderFire, store: StoreUnderTest): Promise<ServiceUnderFire> {
  await service.checkHealth()
  await service[Symbol.asyncDispose]()
  const next = await ServiceUnderFire.start(store)
  await furnish(next)
  return next
}

function inputsOf(operation: Operation, schemas: Schemas): fc.Arbitrary<Input> {
  const some = fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 4, arbitrary: fc.array(damages, { minLength: 1, maxLength: 3 }) },
  )
  return fc.record({ draft: draftsOf(operation, schemas), damages: some })
}

/** Coins, assets and rates that most valid requests need. */
async function furnish(service: ServiceUnderFire): Promise<void> {
  const commands = [
    { kind: 'declare', asset: 'gem', decimals: 2 },
    { kind: 'rate', from: 'credit', to: 'gem', numerator: '7', denominator: '3' },
    { kind: 'rate', from: 'gem', to: 'credit', numerator: '3', denominator: '7', rounding: 'half-even' },
    ...['user:1', 'user:2', 'user:a/b', 'H1', '7'].flatMap((account) => [
      { kind: 'deposit', account, amount: 1_000_000 },
      { kind: 'deposit', account, asset: 'gem', amount: 1_000_000 },
    ]),
    ...['H1', 'H2', 'H3'].map((requestId) => ({ kind: 'freeze', requestId, account: 'user:1', amount: 700 })),
  ]
  for (const command of commands) {
    const { status, text } = await service.call('POST', '/v1/batches', { commands: [command] })
    assert.ok(status === 200 && text.includes('"applied"'), text)
  }
}

let freshNumber = 0

async function assertHeld(service: ServiceUnderFire, input: Input): Promise<void> {
  const draft = withFreshId(input.draft)
  const request = wireOf(draft, input.damages)
  const before = await service.books()
  const answer = await service.send(request)
  service.check(request, answer)
  const isRead = ['GET', 'HEAD'].includes(request.method)
  const books = await service.books()
  if (answer.status >= 400 || isRead || appliedCount(answer) === 0) {
    assert.deepEqual(books, before, `${answer.status} changed the books`)
  }
  assert.ok(books.requestsCount - before.requestsCount <= appliedCount(answer), 'more took effect than was said')
  if (answer.status >= 400 && !isRead && draft !== input.draft) await assertFree(service, `fresh-${freshNumber}`)
}

/** Adds an unused request id if the operation takes one and the draft has none. */
function withFreshId(draft: Draft): Draft {
  const takesId = draft.operation.parameters.some(({ name }) => name === 'Idempotency-Key')
  if (!takesId || (draft.body as Readonly<Record<string, unknown>>)['requestId'] !== undefined) return draft
  return { ...draft, headers: { ...draft.headers, 'Idempotency-Key': `fresh-${++freshNumber}` } }
}

/** The number of applied commands, according to the answer. */
function appliedCount({ status, body }: Answer): number {
  if (status >= 300) return 0
  const outcomes = body?.['outcomes']
  if (!Array.isArray(outcomes)) return 1
  return (outcomes as { status: string }[]).filter((outcome) => outcome.status === 'applied').length
}

/** A refused request did not use up its request id (law 7). */
async function assertFree(service: ServiceUnderFire, requestId: string): Promise<void> {
  const request: WireRequest = {
    method: 'POST',
    target: '/v1/deposits',
    headers: [['content-type', 'application/json']],
    body: Buffer.from(JSON.stringify({ requestId, account: 'user:free', amount: 1 })),
  }
  const answer = await service.send(request)
  assert.deepEqual([answer.status, answer.headers.get('idempotent-replayed')], [201, null], answer.text)
}

/** The properties of the built-in prototypes, and those that an empty object inherits. */
function prototypesNow(): unknown {
  const some = [Object.prototype, Array.prototype, String.prototype, Number.prototype, Function.prototype]
  const inherited: string[] = []
  for (const name in {}) inherited.push(name)
  return [some.map((prototype) => Reflect.ownKeys(prototype).map(String)), inherited]
}
