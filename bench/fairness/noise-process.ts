/** A process that makes noise. It receives its assignment, begins and reports on command, and ends when its parent does. */
import { setPriority } from 'node:os'
import { clientNoise, httpNoise, newTally, type NoiseSite, type NoiseTally } from './noise-maker.ts'
import type { ClientNoise, HttpNoise } from './noises.ts'

export interface NoiseAssignment {
  readonly site: NoiseSite
  readonly noise: HttpNoise | ClientNoise
}

export type ToNoise = NoiseAssignment | 'begin' | 'count' | 'report'
export type FromNoise = { readonly kind: 'ready' } | { readonly kind: 'report'; readonly tally: NoiseTally }

/** The service and the measuring process share the machine with this one, and come first. */
const NICENESS = 10

const tally = newTally()
let begin = (): void => {}

setPriority(NICENESS)
process.on('message', (message: ToNoise) => {
  if (message === 'begin') return begin()
  if (message === 'count') return void Object.assign(tally, newTally())
  if (message === 'report') return send({ kind: 'report', tally })
  void prepare(message)
})
process.on('disconnect', () => process.exit(0))

async function prepare({ site, noise }: NoiseAssignment): Promise<void> {
  begin = noise.kind === 'http' ? await httpNoise(site, noise, tally) : clientNoise(site, noise, tally)
  send({ kind: 'ready' })
}

function send(message: FromNoise): void {
  process.send?.(message)
}
