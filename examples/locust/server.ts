/**
 * `node examples/locust/server.ts`: `POST /api/chat/generate` at http://127.0.0.1:3000, with user 8 who has coins, and a model that takes MODEL_MS
 * (default 0).
 *
 * STORE is the store URL of a ledger, by default `sqlite:generate.db` in the working directory.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { serve } from '@hono/node-server'
import { openLedger } from '../../src/index.ts' // outside this repository: from 'holdfast'
import { generateApp } from './generate-app.ts'

const { STORE = 'sqlite:generate.db', MODEL_MS = '0', PORT = '3000' } = process.env

const ledger = await openLedger(STORE)
await ledger.deposit({ requestId: 'coins-of-user-8', account: 'user:8', amount: 1_000_000_000_000n })
const model = async (prompt: string): Promise<string> => {
  if (MODEL_MS !== '0') await sleep(Number(MODEL_MS))
  return `You said: ${prompt}`
}
const server = serve(
  { fetch: generateApp({ ledger, model }).fetch, port: Number(PORT), hostname: '127.0.0.1' },
  ({ port }) => {
    console.log(`http://127.0.0.1:${port}`)
  },
)

// Calls that are running are settled before the ledger is closed.
process.once('SIGTERM', () => server.close(() => void ledger.close()))
