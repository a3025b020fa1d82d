/** One to ten: a user pays ten others, all of them drawn anew each time, in no order. */
import { randomBelow, sample } from '../load/random.ts'
import type { TransfersScenario } from './scenario.ts'

const RECEIVERS = 10
const SHARE_MAX = 100

export const transfer: TransfersScenario = {
  summary: 'one user pays ten others, among fifty',
  commands: 'transfers',
  // One for every call in flight: the pool of the write-up's code, Go's, has no bound of its own.
  connections: 50,
  defaults: { users: 50, inFlight: 50, processes: 1, seconds: 5 },
  workload: (transfers, { users, random, nextId }) => ({
    next: () => {
      const [from, ...receivers] = sample(random, users, RECEIVERS + 1)
      const shares = receivers.map((to) => ({ to, amount: 1 + randomBelow(random, SHARE_MAX) }))
      const request = { requestId: nextId(), from: from!, shares }
      return { kind: 'transfer', run: () => transfers.transfer(request) }
    },
  }),
}

/** Fewer users than that cannot pay each other. */
export const TRANSFER_USERS_MIN = RECEIVERS + 1
