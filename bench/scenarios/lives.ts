/** Workloads of freezes, alone or followed by an end. The amounts are those of the write-ups: 616 frozen, 500 spent. */
import type { Call, Workload } from '../load/call.ts'
import { Fifo } from '../load/fifo.ts'
import { randomBelow } from '../load/random.ts'
import { pickerOf } from '../load/users.ts'
import type { HoldRequest, Lives } from '../strategies/strategy.ts'
import type { Ingredients } from './scenario.ts'

const FROZEN = 616
const COST = 500
/** One hold in this many is released. */
const RELEASED_ONE_IN = 10

/** Freezes, and nothing else. */
export function freezesOf(lives: Lives, { users, distribution, random, nextId }: Ingredients): Workload {
  const pick = pickerOf(users, distribution, random)
  return {
    next: () => {
      const request = { requestId: nextId(), user: pick(), amount: FROZEN }
      return { kind: 'freeze', run: () => lives.freeze(request) }
    },
  }
}

/** Freeze, then settle; one in ten is released instead. A hold is ended as soon as a call slot is free. */
export function livesOf(lives: Lives, { users, distribution, random, nextId }: Ingredients): Workload {
  const pick = pickerOf(users, distribution, random)
  const open = new Fifo<HoldRequest>()
  const freeze = (): Call => {
    const hold: HoldRequest = { requestId: nextId(), user: pick() }
    return {
      kind: 'freeze',
      run: async () => {
        await lives.freeze({ ...hold, amount: FROZEN })
        open.push(hold)
      },
    }
  }
  const end = (hold: HoldRequest): Call =>
    randomBelow(random, RELEASED_ONE_IN) === 0
      ? { kind: 'release', run: () => lives.release(hold) }
      : { kind: 'settle', run: () => lives.settle(hold, COST) }
  return {
    next: () => {
      const hold = open.shift()
      return hold === undefined ? freeze() : end(hold)
    },
  }
}
