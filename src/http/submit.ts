/** Submits a checked command and returns its outcome. A fault becomes a `LedgerError` with the request id of the command. */
import type { FastifyRequest } from 'fastify'
import { LedgerError } from '../api/error.ts'
import { type Command, type Group } from '../domain/command.ts'
import { requestOf } from '../domain/rules.ts'
import type { Outcome } from '../domain/outcome.ts'
import { Fault } from '../engine/faults.ts'
import { signed } from './author.ts'
import type { CallSpan } from '../telemetry/call-tracing.ts'
import type { Backend } from './backend.ts'
import { submitOptionsOf } from './caller.ts'
import { errorOf } from './trouble.ts'

/** A command that is the whole call: with a span of its own if there are traces. */
export async function submitCall(backend: Backend, request: FastifyRequest, command: Command): Promise<Outcome> {
  const span = beginCall(backend, request, [command])
  if (span === null) return await submitCommand(backend, request, command, null)
  return await span.around(() => submitCommand(backend, request, command, span))
}

/** The span of a call; null without traces, and if it is not recorded. */
export function beginCall(
  { tracing }: Backend,
  { headers }: FastifyRequest,
  commands: readonly Command[],
): CallSpan | null {
  return tracing === null || tracing === undefined ? null : tracing.begin({ commands, headers })
}

export async function submitCommand(
  backend: Backend,
  request: FastifyRequest,
  command: Command,
  span: CallSpan | null,
): Promise<Outcome> {
  try {
    const own = signed(backend, request, [command])
    const [named = command] = own instanceof Promise ? await own : own
    return await backend.engine.submit(named, submitOptionsOf(request, backend, span))
  } catch (thrown) {
    throw thrown instanceof Fault ? LedgerError.fromFault(thrown, requestOf(command)) : errorOf(thrown)
  }
}

export async function submitGroup(
  backend: Backend,
  request: FastifyRequest,
  group: Group,
  span: CallSpan | null,
): Promise<readonly Outcome[]> {
  const own = signed(backend, request, group.commands)
  const commands = own instanceof Promise ? await own : own
  return await backend.engine.submit({ ...group, commands }, submitOptionsOf(request, backend, span))
}
