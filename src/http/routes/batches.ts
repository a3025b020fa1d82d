import { setImmediate as nextTurn } from 'node:timers/promises'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import { BatchBody, batchOf } from '../../api/contracts.ts'
import { faultedToWire, outcomeToWire } from '../../api/problem-details.ts'
import { LedgerError } from '../../api/error.ts'
import { REJECTION_PROBLEMS } from '../../api/rejection-problems.ts'
import { newRequestId } from '../../api/request-id.ts'
import { Batch, type OutcomeWire } from '../../api/outcome-schemas.ts'
import { reference } from '../../api/schema.ts'
import type { Command } from '../../domain/command.ts'
import { overloaded } from '../../engine/queue.ts'
import { denialOf } from '../access.ts'
import type { CallSpan } from '../../telemetry/call-tracing.ts'
import type { Backend } from '../backend.ts'
import { callerOf } from '../caller.ts'
import { refuseConditions } from '../conditional.ts'
import { refuseKey } from '../idempotency.ts'
import { LargeAnswers } from '../large-answers.ts'
import type { HttpLimits } from '../limits.ts'
import { answers, WRITE_PROBLEMS } from '../openapi.ts'
import type { CallerRates } from '../rates.ts'
import { sendOutcomes } from '../respond.ts'
import { beginCall, submitCommand, submitGroup } from '../submit.ts'
import { errorOf } from '../trouble.ts'
import { BATCH_PATH } from '../turns.ts'

export function batchRoutes(
  app: FastifyInstance,
  backend: Backend,
  { limits, rates }: { readonly limits: HttpLimits; readonly rates: CallerRates },
): void {
  const largeAnswers = new LargeAnswers(limits)
  app.post(
    BATCH_PATH,
    {
      schema: {
        operationId: 'batch',
        tags: ['batches'],
        summary: 'Execute several commands in one request',
        description:
          'The status is 200, with one outcome per command, in order. Without `atomic`, every command succeeds or fails separately. ' +
          'With `atomic`, all commands take effect or none: the rejected command has its own code, the others have `batch_aborted`. A ' +
          'batch request with an invalid command is refused as a whole. A command that the key may not send is `rejected` as `forbidden`.',
        body: reference(BatchBody),
        response: { 200: answers(Batch) },
      },
      config: { problems: WRITE_PROBLEMS, scopes: [], about: 'commands' },
      // An outcome has one of several shapes. A compiled serializer would validate them one after another to find the right one.
      serializerCompiler: () => JSON.stringify,
    },
    async (request, reply) => {
      refuseKey(request)
      refuseConditions(request)
      largeAnswers.requireRoom()
      const { commands, atomic } = batchOf(request.body, newRequestId)
      rates.count(request, commands.length - 1)
      const span = beginCall(backend, request, commands)
      const call = { backend, request, commands, span }
      const submit = async (): Promise<readonly OutcomeWire[]> => (atomic ? await together(call) : await each(call))
      const outcomes = span === null ? await submit() : await span.around(submit)
      const large = (): void => largeAnswers.add(reply.raw)
      return await sendOutcomes(reply, outcomes, { giveWay: () => giveWay(call), onLarge: large })
    },
  )
}

/** In company, so many are submitted in a turn of the event loop: a batch of 500 would take 3 ms and more. */
const TURN_COMMANDS = 64

/** The outcome of a command whose group has one that the key may not send. */
const ABORTED: OutcomeWire = {
  status: 'rejected',
  problem: new LedgerError('batch_aborted', 'Another command of the atomic batch was refused: forbidden.', {
    facts: REJECTION_PROBLEMS.batch_aborted,
    details: { because: 'forbidden' },
  }).toJSON(),
}

interface BatchCall {
  readonly backend: Backend
  readonly request: FastifyRequest
  readonly commands: readonly Command[]
  readonly span: CallSpan | null
}

async function together({ backend, request, commands, span }: BatchCall): Promise<readonly OutcomeWire[]> {
  const denials = commands.map((command) => denialOf(request, command))
  if (denials.some((denial) => denial !== null))
    return denials.map((denial) => (denial === null ? ABORTED : deniedToWire(denial)))
  const outcomes = await submitGroup(backend, request, { kind: 'group', commands }, span)
  return outcomes.map((outcome, index) => outcomeToWire(commands[index]!.kind, outcome))
}

function deniedToWire(denial: LedgerError): OutcomeWire {
  return { status: 'rejected', problem: denial.toJSON() }
}

/**
 * Submits all commands at once, so that the engine can decide them in one batch; while other callers are there, a part of them per turn of
 * the event loop. When the queue has no room for all of them, the request is refused as a whole: a caller would only send the rest again.
 */
async function each(call: BatchCall): Promise<readonly OutcomeWire[]> {
  const { backend, request, commands, span } = call
  const { engine } = backend
  const caller = callerOf(request)
  // More than ever fit are decided one by one, as many as there is room for.
  const isTooLong = commands.length > engine.limits.queueCommandsMax
  const crowd = isTooLong ? null : engine.crowdFor(caller, { kind: 'group', commands })
  if (crowd !== null) throw overloaded(crowd, engine.limits)
  const one = async (command: Command): Promise<OutcomeWire> => {
    const denial = denialOf(request, command)
    if (denial !== null) return deniedToWire(denial)
    try {
      return outcomeToWire(command.kind, await submitCommand(backend, request, command, span))
    } catch (thrown) {
      return faultedToWire(errorOf(thrown))
    }
  }
  const outcomes: Promise<OutcomeWire>[] = []
  for (const [index, command] of commands.entries()) {
    if (index % TURN_COMMANDS === 0 && index > 0) await giveWay(call)
    outcomes.push(one(command))
  }
  return await Promise.all(outcomes)
}

/** Leaves the turn of the event loop to other callers while there are any. */
async function giveWay({ backend, request }: BatchCall): Promise<void> {
  if (backend.engine.hasCompany(callerOf(request))) await nextTurn()
}
