/** The callers of `npm run -s ops:demo`: a hot user, a few others, and a stranger that holds a row of the hot user. */
import { randomInt, randomUUID } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { connectTo } from '../harness/server-client.ts'
import { connect } from '../src/client/index.ts'
import { LedgerError } from '../src/api/error.ts'

const HOT = 'user:hot'
const OTHERS = Array.from({ length: 20 }, (_, index) => `user:${index + 1}`)
const HOT_CALLS = 10
const OTHER_CALLS = 4
const FUNDS = 1_000_000_000n
const AMOUNT = 100n
const PAUSE_MS_MIN = 50
const PAUSE_MS_MAX = 250

/** Longer than any store waits for a lock by default: 2 s on PostgreSQL, 5 s elsewhere. */
const STRANGER_HOLDS_MS = 7_000
const STRANGER_PAUSE_MS = 25_000

type Ledger = ReturnType<typeof connect>

/** Until `signal` is aborted. Refusals and failures of single commands are part of it. */
export async function keepCalling(url: string, signal: AbortSignal): Promise<void> {
  const ledger = connect(url)
  for (const account of [HOT, ...OTHERS]) {
    await ledger.deposit({ requestId: `demo:${account}`, account, amount: FUNDS })
  }
  const loop = async (next: () => string): Promise<void> => {
    while (!signal.aborted) {
      await useOnce(ledger, next()).catch((error: unknown) => {
        if (!(error instanceof LedgerError)) throw error
      })
    }
  }
  await Promise.all([
    ...Array.from({ length: HOT_CALLS }, () => loop(() => HOT)),
    ...Array.from({ length: OTHER_CALLS }, () => loop(() => OTHERS[randomInt(OTHERS.length)]!)),
  ])
}

/** One use of a paid service: most are settled, some released, some forgotten, and now and then something else. */
async function useOnce(ledger: Ledger, account: string): Promise<void> {
  const requestId = randomUUID()
  const pause = (): Promise<void> => sleep(randomInt(PAUSE_MS_MIN, PAUSE_MS_MAX))
  const die = randomInt(100)
  if (die < 3) return void (await ledger.freeze({ requestId, account: 'user:poor', amount: AMOUNT }))
  if (die < 6) {
    const to = OTHERS[randomInt(OTHERS.length)]!
    if (to !== account) await ledger.transfer({ requestId, legs: [{ from: account, to, amount: 1n }] })
    return await pause()
  }
  const expiry = die < 9 ? { expiresInMs: 2_000 } : {}
  await ledger.freeze({ requestId, account, amount: AMOUNT, ...expiry })
  if (die < 12) await ledger.freeze({ requestId, account, amount: AMOUNT, ...expiry })
  await pause()
  if (die < 9) return
  if (die < 20) await ledger.release(requestId)
  else await ledger.settle(requestId, { amount: BigInt(randomInt(1, Number(AMOUNT))) })
  await pause()
}

/** Holds a lock for longer than the ledger waits for it, again and again, as a forgotten transaction does. Until `signal` is aborted. */
export async function keepDisturbing(storeUrl: string, signal: AbortSignal): Promise<void> {
  const aborted = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()))
  const pause = (ms: number): Promise<void> => Promise.race([sleep(ms, undefined, { ref: false }), aborted])
  while (!signal.aborted) {
    await pause(STRANGER_PAUSE_MS)
    if (signal.aborted) return
    await (storeUrl.startsWith('sqlite:') ? holdFile : holdRow)(storeUrl, () => pause(STRANGER_HOLDS_MS))
  }
}

async function holdRow(storeUrl: string, pause: () => Promise<void>): Promise<void> {
  const stranger = await connectTo(storeUrl)
  try {
    await stranger.query('BEGIN')
    await stranger.query(`SELECT * FROM balances WHERE account = '${HOT}' FOR UPDATE`)
    await pause()
    await stranger.query('ROLLBACK')
  } finally {
    await stranger.end()
  }
}

async function holdFile(storeUrl: string, pause: () => Promise<void>): Promise<void> {
  using stranger = new DatabaseSync(storeUrl.slice('sqlite:'.length))
  stranger.exec('PRAGMA busy_timeout = 5000; BEGIN IMMEDIATE')
  await pause()
  stranger.exec('ROLLBACK')
}
