import type { FastifyInstance } from 'fastify'
import { fieldsIn } from '../../api/input.ts'
import { Key, KeyBody, KeyPage, RotateBody, SecretKey } from '../../api/key-schemas.ts'
import { keyToWire, secretKeyToWire } from '../../api/key.ts'
import type { LedgerKeys } from '../../api/ledger-keys.ts'
import { PageQuery } from '../../api/queries.ts'
import { pageToWire } from '../../api/resource.ts'
import { KEY_NAME_PATTERN } from '../../access/key.ts'
import { Type } from '../../api/typebox.ts'
import type { KeyCode } from '../../api/problem.ts'
import { reference } from '../../api/schema.ts'
import { refuseKey } from '../idempotency.ts'
import { answers, READ_PROBLEMS, WRITE_PROBLEMS } from '../openapi.ts'
import { typedQuery } from '../query-string.ts'
import { sendFound, sendMade } from '../respond.ts'

interface ByName {
  Params: { name: string }
}

const KEY_PARAMS = Type.Object({
  name: Type.String({ pattern: KEY_NAME_PATTERN, description: 'The name of the key.', examples: ['shop'] }),
})

const NO_FIELDS: ReadonlySet<string> = new Set()

function config(...codes: readonly KeyCode[]) {
  return {
    scopes: ['keys:admin'] as const,
    about: 'keys' as const,
    problems: [...codes, ...WRITE_PROBLEMS],
  }
}

/** They go to the table of keys and not to the engine. @param onChange called when a key may have changed */
export function keyRoutes(app: FastifyInstance, keys: LedgerKeys, onChange: () => void): void {
  /** Also after a failure, which may have had the effect. */
  const changed: Changed = async (change) => await change.finally(onChange)
  app.post(
    '/v1/keys',
    {
      schema: {
        operationId: 'createKey',
        tags: ['keys'],
        summary: 'Make a key',
        description:
          'The answer is the only one that has the secret. A request whose answer was lost cannot be repeated: rotate the key then. The first ' +
          'key of a ledger is made at its database, with `holdfast keys create --admin`.',
        body: reference(KeyBody),
        response: { 201: answers(SecretKey) },
      },
      config: config('key_exists', 'too_many_keys'),
    },
    async (request, reply) => {
      refuseKey(request)
      return sendMade(reply, secretKeyToWire(await changed(keys.create(request.body))))
    },
  )
  app.get(
    '/v1/keys',
    {
      schema: {
        operationId: 'listKeys',
        tags: ['keys'],
        summary: 'List all keys, also revoked ones, the oldest first',
        querystring: PageQuery,
        response: { 200: answers(KeyPage) },
      },
      config: { scopes: ['keys:admin'], about: 'keys', problems: READ_PROBLEMS },
    },
    async (request, reply) => {
      const page = await keys.list(typedQuery(request.query))
      return sendFound(reply, pageToWire(page, keyToWire))
    },
  )
  changeRoutes(app, keys, changed)
}

type Changed = <Result>(change: Promise<Result>) => Promise<Result>

function changeRoutes(app: FastifyInstance, keys: LedgerKeys, changed: Changed): void {
  app.post<ByName>(
    '/v1/keys/:name/rotate',
    {
      schema: {
        operationId: 'rotateKey',
        tags: ['keys'],
        summary: 'Give a key another secret',
        description:
          'The secret before stays valid for `graceMs`, so that callers can change over one by one. The one before that ends at once.',
        params: KEY_PARAMS,
        body: reference(RotateBody),
        response: { 200: answers(SecretKey) },
      },
      config: config('key_not_found', 'key_ended'),
    },
    async (request, reply) => {
      refuseKey(request)
      return sendFound(reply, secretKeyToWire(await changed(keys.rotate(request.params.name, request.body))))
    },
  )
  app.post<ByName>(
    '/v1/keys/:name/revoke',
    {
      schema: {
        operationId: 'revokeKey',
        tags: ['keys'],
        summary: 'Revoke a key',
        description:
          'It ends for good, with its tokens, in every process within seconds. To revoke it again changes nothing.',
        params: KEY_PARAMS,
        response: { 200: answers(Key) },
      },
      config: config('key_not_found'),
    },
    async (request, reply) => {
      if (request.body !== undefined) fieldsIn(request.body, NO_FIELDS)
      return sendFound(reply, keyToWire(await changed(keys.revoke(request.params.name))))
    },
  )
}
