/** One to ten: a user pays ten others, drawn at random for each transfer, in no particular order. */
import { randomBelow, sample } from '../load/random.ts'
import type { TransfersScenario } from './scenario.ts'

const RECEIVERS = 10
const SHARE_MAX = 100

export const transfer: TransfersScenario = {
  summary: 'one user pays ten others, among fifty',
  commands: 'transfers',
  // One per call in flight: the write-up's code is in Go, whose pool is unbounded by default.
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

/** With fewer users there are not enough payees. */
export const TRANSFER_USERS_MIN = RECEIVERS + 1
