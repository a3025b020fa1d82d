/** Makes a noise: freezes of one account, from one source address, as fast as they are answered. */
import { Agent, request } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect, type Fetch } from '../../src/client/index.ts'
import { HttpConnection } from '../http-load.ts'
import type { ClientNoise, HttpNoise } from './noises.ts'

export interface NoiseSite {
  readonly port: number
  readonly localAddress: string
  readonly account: string
}

/** In freezes. */
export interface NoiseTally {
  served: number
  /** With status 503, or overloaded in a batch. */
  refused: number
  /** Everything else, also requests whose connection was refused or cut. */
  failed: number
}

/** A connection that was refused or cut is not opened again before this has passed: a loop without a pause would only burn the processor. */
const REOPEN_MS = 20
const AMOUNT = '1'
const AT_ONCE = 100

export function newTally(): NoiseTally {
  return { served: 0, refused: 0, failed: 0 }
}

/** Opens its connections, then resolves to a function that begins; the noise ends with its process. */
export async function httpNoise(
  { port, localAddress, account }: NoiseSite,
  { connections, commands, connecting }: HttpNoise,
  tally: NoiseTally,
): Promise<() => void> {
  const open = (): Promise<HttpConnection> => HttpConnection.open(port, { localAddress })
  const { path, body } = requestOf(account, commands)
  const loop = async (first: HttpConnection | null): Promise<never> => {
    let kept = first
    for (;;) {
      try {
        kept = kept?.isOpen === true ? kept : await open()
        const { status, body: text } = await kept.post(path, body, { isLast: connecting === 'new' })
        count({ status, text, commands }, tally)
        if (connecting === 'kept') continue
        kept.close()
        kept = null
      } catch {
        tally.failed += commands
        kept?.close()
        kept = null
        await sleep(REOPEN_MS)
      }
    }
  }
  if (connecting === 'new') {
    return () => {
      for (let index = 0; index < connections; index++) void loop(null)
    }
  }
  const all: HttpConnection[] = []
  // In portions: the backlog of a listening socket is short.
  while (all.length < connections) {
    all.push(...(await Promise.all(Array.from({ length: Math.min(AT_ONCE, connections - all.length) }, open))))
  }
  return () => {
    for (const connection of all) void loop(connection)
  }
}

function requestOf(account: string, commands: number): { path: string; body: string } {
  const freeze = { account, amount: AMOUNT }
  if (commands === 1) return { path: '/v1/holds', body: JSON.stringify(freeze) }
  const list = Array.from({ length: commands }, () => ({ kind: 'freeze', ...freeze }))
  return { path: '/v1/batches', body: JSON.stringify({ commands: list }) }
}

interface Counted {
  readonly status: number
  readonly text: string
  readonly commands: number
}

function count({ status, text, commands }: Counted, tally: NoiseTally): void {
  if (status === 201) tally.served++
  else if (status === 503) tally.refused += commands
  else if (status === 200) {
    const applied = occurrences(text, '"status":"applied"')
    tally.served += applied
    tally.refused += commands - applied
  } else tally.failed += commands
}

/** The client repeats what is refused, so refusals are counted where it sends its requests. */
export function clientNoise(
  { port, localAddress, account }: NoiseSite,
  { calls }: ClientNoise,
  tally: NoiseTally,
): () => void {
  const ledger = connect(`http://127.0.0.1:${port}`, { fetch: fetchFrom(localAddress, tally) })
  const loop = async (): Promise<never> => {
    for (;;) {
      try {
        await ledger.freeze({ account, amount: BigInt(AMOUNT) })
        tally.served++
      } catch {
        tally.failed++
        await sleep(REOPEN_MS)
      }
    }
  }
  return () => {
    for (let index = 0; index < calls; index++) void loop()
  }
}

/** The platform's `fetch` cannot choose its source address. */
function fetchFrom(localAddress: string, tally: NoiseTally): Fetch {
  const agent = new Agent({ keepAlive: true, localAddress })
  return (url, { method, headers, body, signal }) =>
    new Promise((resolve, reject) => {
      const sent = request(
        url,
        { agent, localAddress, method: method ?? 'GET', headers: headers as Record<string, string>, signal: signal! },
        (received) => {
          const parts: Buffer[] = []
          received.on('data', (part: Buffer) => parts.push(part))
          received.once('error', reject)
          received.once('end', () => {
            const status = received.statusCode!
            if (status === 503) tally.refused += occurrences(body as string, '"kind":')
            const retryAfter = received.headers['retry-after']
            const known = retryAfter === undefined ? {} : { headers: { 'retry-after': retryAfter } }
            resolve(new Response(Buffer.concat(parts), { status, ...known }))
          })
        },
      )
      sent.once('error', reject)
      sent.end(body)
    })
}

function occurrences(text: string, part: string): number {
  return text.split(part).length - 1
}
