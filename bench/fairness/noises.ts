/** What is going on beside the quiet users. All of it is one caller's, on one account: freezes, as fast as they are answered. */

/** `new`: one connection per request. */
export type Connecting = 'kept' | 'new'

interface NoiseFacts {
  readonly text: string
  /** Of the quiet users too. */
  readonly connecting: Connecting
}

/** Requests over connections of its own, one at a time on each; the next one follows an answer at once, also a refusal. */
export interface HttpNoise extends NoiseFacts {
  readonly kind: 'http'
  readonly connections: number
  /** Freezes per request. 1: single requests. */
  readonly commands: number
}

/** Calls of the combining client, which chooses its connections and repeats what is refused. */
export interface ClientNoise extends NoiseFacts {
  readonly kind: 'client'
  /** Calls without an answer. */
  readonly calls: number
}

export type Noise = (NoiseFacts & { readonly kind: 'none' }) | HttpNoise | ClientNoise

/** Commands of a batch request, as many as one may have. */
const BATCH = 500

export const NOISES = {
  none: { kind: 'none', text: 'none', connecting: 'kept' },
  kept: http('1,000 kept connections, single freezes', { connections: 1_000, commands: 1, connecting: 'kept' }),
  'batches-22': http(`22 connections × batches of ${BATCH}`, { connections: 22, commands: BATCH, connecting: 'kept' }),
  'batches-30': http(`30 connections × batches of ${BATCH}`, { connections: 30, commands: BATCH, connecting: 'kept' }),
  client: { kind: 'client', text: 'the combining client, 5,000 calls at once', calls: 5_000, connecting: 'kept' },
  'none-new': { kind: 'none', text: 'none', connecting: 'new' },
  'new-100': http('100 connections, single freezes', { connections: 100, commands: 1, connecting: 'new' }),
  'new-1000': http('1,000 connections, single freezes', { connections: 1_000, commands: 1, connecting: 'new' }),
} as const satisfies Readonly<Record<string, Noise>>

export type NoiseName = keyof typeof NOISES

export const NOISE_NAMES = Object.keys(NOISES) as readonly NoiseName[]

/** The row with which the others are compared. */
export function baseOf(noise: Noise): NoiseName {
  return noise.connecting === 'kept' ? 'none' : 'none-new'
}

function http(text: string, noise: Omit<HttpNoise, 'kind' | 'text'>): HttpNoise {
  return { kind: 'http', text, ...noise }
}
