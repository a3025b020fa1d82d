import type { FastifyInstance } from 'fastify'
import { SCOPES } from '../../access/scope.ts'
import { Caller, callerToWire } from '../../api/caller.ts'
import { callerKeyOf } from '../access.ts'
import { answers, READ_PROBLEMS } from '../openapi.ts'
import { sendFound } from '../respond.ts'

export function whoamiRoutes(app: FastifyInstance): void {
  app.get(
    '/v1/whoami',
    {
      schema: {
        operationId: 'whoami',
        tags: ['keys'],
        summary: 'Read who the caller is, and what it may do',
        description:
          'The key or token that the call was sent with: its scopes, its bounds and its end. Never the secret.',
        response: { 200: answers(Caller) },
      },
      config: { scopes: SCOPES, about: 'caller', problems: READ_PROBLEMS },
    },
    (request, reply) => sendFound(reply, callerToWire(callerKeyOf(request))),
  )
}
