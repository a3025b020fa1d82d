/** A process that makes noise. It receives its assignment, begins and reports on command, and ends when its parent does. */
import { execFileSync } from 'node:child_process'
import { constants, setPriority } from 'node:os'
import { clientNoise, httpNoise, newTally, type NoiseSite, type NoiseTally } from './noise-maker.ts'
import type { ClientNoise, HttpNoise } from './noises.ts'

export interface NoiseAssignment {
  readonly site: NoiseSite
  readonly noise: HttpNoise | ClientNoise
}

export type ToNoise = NoiseAssignment | 'begin' | 'count' | 'report'
export type FromNoise = { readonly kind: 'ready' } | { readonly kind: 'report'; readonly tally: NoiseTally }

const tally = newTally()
let begin = (): void => {}

yieldMachine()
process.on('message', (message: ToNoise) => {
  if (message === 'begin') return begin()
  if (message === 'count') return void Object.assign(tally, newTally())
  if (message === 'report') return send({ kind: 'report', tally })
  void prepare(message)
})
process.on('disconnect', () => process.exit(0))

/**
 * A noisy caller has a machine of its own; here it shares two processors with the service, the database and the measuring process. So it
 * has what they leave. With a low priority alone it would keep a processor to the end of its slice, 3 ms at a time.
 */
function yieldMachine(): void {
  try {
    execFileSync('chrt', ['--all-tasks', '--idle', '--pid', '0', String(process.pid)])
  } catch {
    // Not Linux, or without util-linux.
    setPriority(constants.priority.PRIORITY_LOW)
  }
}

async function prepare({ site, noise }: NoiseAssignment): Promise<void> {
  begin = noise.kind === 'http' ? await httpNoise(site, noise, tally) : clientNoise(site, noise, tally)
  send({ kind: 'ready' })
}

function send(message: FromNoise): void {
  process.send?.(message)
}
