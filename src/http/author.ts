/** Who gives the commands of a call: the API key, the address of the caller, and the trace. */
import type { FastifyRequest } from 'fastify'
import { ADDRESS_LENGTH_MAX, type By } from '../domain/by.ts'
import type { Command } from '../domain/command.ts'
import type { Confinement } from '../domain/confinement.ts'
import { KEY_NAME_LENGTH_MAX } from '../engine/actor-book.ts'
import type { RememberedActors } from '../engine/remembered-actors.ts'
import { callerKeyOf } from './access.ts'
import { traceIdOf } from './trace.ts'

/** The API key of a call. */
export interface KeyOfCall {
  /** The number that the key has forever, 1 or more. */
  readonly number: number
  /** Its present name, 1 to `KEY_NAME_LENGTH_MAX` characters. What is longer is cut. */
  readonly name: string
  /** What it may touch; null: everything. */
  readonly within: Confinement | null
}

/** Finds the key of a call; null: it has none, and nobody is recorded. */
export type FindKey = (request: FastifyRequest) => KeyOfCall | null

export interface Authors {
  readonly actors: Pick<RememberedActors, 'actor'>
  /** Default: the key that the request was let in with. */
  readonly keyOf?: FindKey | undefined
}

/** Commands of one call carry one author. Without a key there is nothing to wait for. @throws Fault as `ActorBook`: nothing had an effect */
export function signed<Of extends Command>(
  { authors }: { readonly authors?: Authors },
  request: FastifyRequest,
  commands: readonly Of[],
): readonly Of[] | Promise<readonly Of[]> {
  if (authors === undefined) return commands
  const { actors, keyOf = callerKeyOf } = authors
  const key = keyOf(request)
  if (key === null) return commands
  let by = authorOf.get(request)
  if (by === undefined) authorOf.set(request, (by = byOf(actors, key, request)))
  return sign(commands, by)
}

/** The commands of a batch request are signed one by one, and their author is found once. */
const authorOf = new WeakMap<FastifyRequest, Promise<By>>()

async function sign<Of extends Command>(commands: readonly Of[], by: Promise<By>): Promise<readonly Of[]> {
  const givenBy = await by
  return commands.map((command) => ({ ...command, givenBy }))
}

/** @throws Fault as `ActorBook` */
async function byOf(
  actors: Pick<RememberedActors, 'actor'>,
  { number, name, within }: KeyOfCall,
  request: FastifyRequest,
): Promise<By> {
  const key = name.slice(0, KEY_NAME_LENGTH_MAX)
  const actor = await actors.actor({ keyNumber: number, key, address: addressOf(request) })
  return { actor, trace: traceIdOf(request) ?? null, within }
}

/** An address that a proxy has forwarded can be any text. */
function addressOf({ ip }: Pick<FastifyRequest, 'ip'>): string {
  return ip.replaceAll(/[^!-~]/g, '?').slice(0, ADDRESS_LENGTH_MAX) || '?'
}
