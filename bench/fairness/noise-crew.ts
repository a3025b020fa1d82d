/** The processes that make one noise, from their start to their end. */
import { once } from 'node:events'
import { forkChild } from '../../harness/children.ts'
import type { FromNoise, NoiseAssignment, ToNoise } from './noise-process.ts'
import { newTally, type NoiseSite, type NoiseTally } from './noise-maker.ts'
import type { Noise } from './noises.ts'

const PROGRAM = new URL('./noise-process.ts', import.meta.url).pathname
/** Of one process: with more it would answer its own connections late. */
const CONNECTIONS_MAX = 500

type Child = ReturnType<typeof forkChild>

export class NoiseCrew implements AsyncDisposable {
  readonly #children: readonly Child[]

  private constructor(children: readonly Child[]) {
    this.#children = children
  }

  /** Resolves when all connections are open. No noise: no process. */
  static async assemble(site: NoiseSite, noise: Noise): Promise<NoiseCrew> {
    const assignments = partsOf(noise).map((part): NoiseAssignment => ({ site, noise: part }))
    const crew = new NoiseCrew(assignments.map(startNoise))
    await Promise.all(crew.#children.map(heard))
    return crew
  }

  begin(): void {
    this.#tell('begin')
  }

  /** Counts from now on. */
  count(): void {
    this.#tell('count')
  }

  /** What was counted since then. */
  async report(): Promise<NoiseTally> {
    const reports = this.#children.map(heard)
    this.#tell('report')
    const sum = newTally()
    for (const message of await Promise.all(reports)) {
      if (message.kind !== 'report') continue
      sum.served += message.tally.served
      sum.refused += message.tally.refused
      sum.failed += message.tally.failed
    }
    return sum
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(
      this.#children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return
        const closed = once(child, 'close')
        child.kill('SIGKILL')
        await closed
      }),
    )
  }

  #tell(message: ToNoise): void {
    for (const child of this.#children) child.send(message)
  }
}

function startNoise(assignment: NoiseAssignment): Child {
  const child = forkChild(PROGRAM, { execArgv: [], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  child.send(assignment)
  return child
}

function partsOf(noise: Noise): readonly NoiseAssignment['noise'][] {
  if (noise.kind === 'none') return []
  if (noise.kind === 'client') return [noise]
  const { connections } = noise
  const count = Math.ceil(connections / CONNECTIONS_MAX)
  return Array.from({ length: count }, (_, index) => ({
    ...noise,
    connections: Math.floor((connections + index) / count),
  }))
}

/** The next message of a process. @throws Error when it ends instead */
async function heard(child: Child): Promise<FromNoise> {
  const ended = new AbortController()
  const end = once(child, 'exit', { signal: ended.signal }).then(() => {
    throw new Error('A process that makes noise has ended.')
  })
  const message = once(child, 'message', { signal: ended.signal })
  try {
    const [said] = (await Promise.race([message, end])) as [FromNoise]
    return said
  } finally {
    ended.abort()
    message.catch(() => undefined)
    end.catch(() => undefined)
  }
}
