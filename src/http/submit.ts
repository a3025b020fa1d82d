/** Submits a checked command and returns its outcome. A fault becomes a `LedgerError` with the request id of the command. */
import type { FastifyRequest } from 'fastify'
import { LedgerError } from '../api/error.ts'
import { type Command, type Group } from '../domain/command.ts'
import { requestOf } from '../domain/rules.ts'
import type { Outcome } from '../domain/outcome.ts'
import { Fault } from '../engine/faults.ts'
import { signed } from './author.ts'
import type { Backend } from './backend.ts'
import { submitOptionsOf } from './caller.ts'
import { errorOf } from './trouble.ts'

export async function submitCommand(backend: Backend, request: FastifyRequest, command: Command): Promise<Outcome> {
  try {
    const own = signed(backend, request, [command])
    const [named = command] = own instanceof Promise ? await own : own
    return await backend.engine.submit(named, submitOptionsOf(request, backend))
  } catch (thrown) {
    throw thrown instanceof Fault ? LedgerError.fromFault(thrown, requestOf(command)) : errorOf(thrown)
  }
}

export async function submitGroup(
  backend: Backend,
  request: FastifyRequest,
  group: Group,
): Promise<readonly Outcome[]> {
  const own = signed(backend, request, group.commands)
  const commands = own instanceof Promise ? await own : own
  return await backend.engine.submit({ ...group, commands }, submitOptionsOf(request, backend))
}
