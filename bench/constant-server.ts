/** The HTTP service over an engine that answers every freeze with one constant hold: measures the cost of HTTP alone. */
import type { Outcome } from '../src/domain/outcome.ts'
import { openMemoryStorage } from '../src/stores/memory/storage.ts'
import { ENGINE_LIMITS } from '../src/engine/limits.ts'
import { buildServer } from '../src/http/server.ts'

const now = Date.now()
const outcome: Outcome<'freeze'> = {
  status: 'applied',
  replayed: false,
  answer: {
    id: '01a1fbc3-1483-7722-b06b-af73d4a154ca',
    account: 'user:8',
    asset: 'credit',
    payee: '@revenue',
    state: 'open',
    amount: 616n,
    held: 616n,
    settled: 0n,
    released: 0n,
    drawn: 0n,
    shortfall: 0n,
    refunded: 0n,
    settledLate: 0n,
    onExpiry: null,
    expiresAt: now + 900_000,
    createdAt: now,
    endedAt: null,
    steps: 0,
    metadata: null,
  },
}
const answer = Promise.resolve(outcome)
/** Nothing but freezes is asked for. */
const submit = (): Promise<never> => answer as Promise<never>
const ready = (): Promise<void> => Promise.resolve()
const engine = {
  submit,
  ready,
  queueDepth: 0,
  crowdFor: () => null,
  hasCompany: () => false,
  limits: ENGINE_LIMITS,
  clockWarnings: [],
}
const storage = openMemoryStorage()
const app = buildServer({ engine, reader: storage.reader, store: storage, sweeper: null })
const address = await app.listen({ host: '127.0.0.1', port: 0 })
process.stdout.write(`${address}\n`)
