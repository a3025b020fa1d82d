/** The routes of commands, one per contract. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Contract } from '../api/contract.ts'
import { ALL_CONTRACTS } from '../api/contracts.ts'
import { reference } from '../api/schema.ts'
import { scopesOfCommand } from '../access/command-access.ts'
import type { Command, CommandKind } from '../domain/command.ts'
import type { Backend } from './backend.ts'
import { denialOf } from './access.ts'
import { onlyIfMatch } from './conditional.ts'
import { readCommand } from './idempotency.ts'
import { commandAnswers, commandHeaders, WRITE_PROBLEMS } from './openapi.ts'
import { sendOutcome } from './respond.ts'
import { submitCall } from './submit.ts'
import { Type } from '../api/typebox.ts'

type ByAddress = { Params: Readonly<Record<string, string>> }

export function commandRoutes(app: FastifyInstance, backend: Backend): void {
  for (const contract of ALL_CONTRACTS) addCommand(app, backend, contract)
}

function addCommand(app: FastifyInstance, backend: Backend, contract: Contract): void {
  const { route, address, bodySchema } = contract
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
      ...commandHeaders(contract),
      ...(address.length === 0 ? {} : { params: Type.Object(params) }),
      body: reference(bodySchema),
      response: { [route.status]: commandAnswers(contract) },
    },
    config: {
      problems: [...route.problems, 'request_replayed', ...WRITE_PROBLEMS],
      // Both kinds of a contract have the same scope.
      scopes: scopesOfCommand(contract.kind as CommandKind),
      about: 'commands',
    },
    handler: async (request, reply): Promise<FastifyReply> => {
      const command = commandIn(request, contract)
      const denial = denialOf(request, command)
      if (denial !== null) throw denial
      return sendOutcome(reply, contract, await submitCall(backend, request, command))
    },
  })
}

function commandIn(request: FastifyRequest<ByAddress>, contract: Contract): Command {
  const values: Record<string, unknown> = {}
  for (const { name, parameter } of contract.address) values[name] = request.params[parameter]
  const command = readCommand(request, (input, newRequestId) =>
    contract.readOne(values, input, newRequestId, 'parameter'),
  )
  return onlyIfMatch(request, command, contract)
}
