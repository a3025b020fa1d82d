/** Ids of balances that have no row yet. Every process makes its own: no read of a new name has to be a write. */
import { RunningNumbers } from '../../domain/running-numbers.ts'

export function newBalanceIds(): RunningNumbers {
  return new RunningNumbers(Date.now, Math.random)
}
