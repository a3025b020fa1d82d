/**
 * A caller of the ledger. It sends a request over a network that delays and loses messages and may duplicate them. It repeats the request
 * until an answer is certain or its route ends.
 */
import type { Chance } from './chance.ts'
import type { EngineProcess } from './engine-process.ts'
import type { Ask, Result } from './history.ts'
import type { World } from './world.ts'

/** One request, with everything that its caller does about it. */
export interface Intent {
  /** Its place in the workload. */
  readonly number: number
  readonly client: number
  readonly at: number
  readonly ask: Ask
  /** The engine that each attempt goes to, in order. */
  readonly route: readonly number[]
  /** How long the client waits for an answer before it retries. */
  readonly patienceMs: number
  /** Copies that the network makes of each attempt, and the engines that receive them. */
  readonly copies: readonly { readonly engine: number; readonly afterMs: number }[]
  readonly timeoutMs: number | null
  readonly abortAfterMs: number | null
  /** The longest one-way delay of the network. */
  readonly networkMs: number
}

/** Sends the request until an answer is certain, or until its route ends. */
export async function pursue(world: World, engines: readonly EngineProcess[], intent: Intent): Promise<void> {
  const chance = world.chance.stream(`client ${intent.number}`)
  const send = (engine: number): Promise<Result | null> => sendOnce(world, engines[engine]!, intent, chance)
  await world.sleep(intent.at)
  for (const engine of intent.route) {
    for (const copy of intent.copies) world.after(copy.afterMs, () => void send(copy.engine))
    if (isCertain(await withPatience(world, send(engine), intent.patienceMs))) return
    await world.sleep(chance.exponential(50))
  }
}

/** Null when no answer came in time. */
function withPatience(world: World, sent: Promise<Result | null>, patienceMs: number): Promise<Result | null> {
  return new Promise((resolve) => {
    const cancel = world.after(patienceMs, () => resolve(null))
    void sent.then((result) => {
      cancel()
      resolve(result)
    })
  })
}

async function sendOnce(
  world: World,
  engine: EngineProcess,
  { ask, timeoutMs, abortAfterMs, networkMs }: Intent,
  chance: Chance,
): Promise<Result | null> {
  await world.sleep(chance.fraction() * networkMs)
  const answer = engine.ask(ask, { timeoutMs, abortAfterMs, isProbe: false })
  if (answer === null) return null
  const result = await answer
  await world.sleep(chance.fraction() * networkMs)
  return result
}

function isCertain(result: Result | null): boolean {
  return result !== null && result.kind !== 'fault'
}
