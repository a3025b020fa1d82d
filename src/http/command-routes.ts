/** The routes of commands, one per contract. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Type } from 'typebox'
import type { Contract } from '../api/contract.ts'
import { ALL_CONTRACTS } from '../api/contracts.ts'
import { reference } from '../api/schema.ts'
import type { Command } from '../domain/command.ts'
import type { Backend } from './backend.ts'
import { readCommand } from './idempotency.ts'
import { IDEMPOTENCY_HEADERS, repeatableAnswers, WRITE_PROBLEMS } from './openapi.ts'
import { sendOutcome } from './respond.ts'
import { submitCommand } from './submit.ts'

type ByAddress = { Params: Readonly<Record<string, string>> }

export function commandRoutes(app: FastifyInstance, backend: Backend): void {
  for (const contract of ALL_CONTRACTS) addCommand(app, backend, contract)
}

function addCommand(app: FastifyInstance, backend: Backend, contract: Contract): void {
  const { route, address, answer, bodySchema, takesRequestId } = contract
  const { operationId, tag, summary, description } = route
  const params = Object.fromEntries(address.map(({ parameter, schema }) => [parameter, schema]))
  app.route<ByAddress>({
    method: route.method,
    url: route.path,
    schema: {
      operationId,
      tags: [tag],
      summary,
      ...(description === undefined ? {} : { description }),
      ...(takesRequestId ? { headers: IDEMPOTENCY_HEADERS } : {}),
      ...(address.length === 0 ? {} : { params: Type.Object(params) }),
      body: reference(bodySchema),
      response: { [route.status]: repeatableAnswers(answer.schema) },
    },
    config: { problems: [...route.problems, ...WRITE_PROBLEMS] },
    handler: async (request, reply): Promise<FastifyReply> => {
      const command = commandIn(request, contract)
      return sendOutcome(reply, contract, await submitCommand(backend, request, command))
    },
  })
}

function commandIn(request: FastifyRequest<ByAddress>, contract: Contract): Command {
  const values: Record<string, unknown> = {}
  for (const { name, parameter } of contract.address) values[name] = request.params[parameter]
  return readCommand(request, (input, newRequestId) => contract.readOne(values, input, newRequestId, 'parameter'))
}
