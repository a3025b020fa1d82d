/** Holds in various states, for table tests of the rules. */
import { fingerprint } from '../../src/domain/rules.ts'
import { showHold } from '../../src/domain/hold-record.ts'
import { release } from './commands.ts'
import { balance, endAt, hold, NOW } from './given.ts'

/** 100 available and 50 held, 30 of them by the hold under test. */
export const holder = balance('user:8', 100n, { id: 8, held: 50n })
export const payee = balance('user:9', 500n, { id: 9 })
export const BALANCES = [holder, payee]

/** Of 70 frozen, parts settled 40, of which 5 were refunded. */
export const parted = hold('h', 70n, {
  payee: 'user:9',
  held: 30n,
  settled: 40n,
  refunded: 5n,
  changes: 2,
  firstAnswers: { freeze: showHold(hold('h', 70n, { payee: 'user:9' })), end: null },
})
export const whole = hold('h', 50n, { payee: 'user:9' })
export const due = { ...whole, expiresAt: NOW }
/** Released 50. */
export const expired = hold('h', 50n, {
  payee: 'user:9',
  state: 'expired',
  held: 0n,
  released: 50n,
  changes: 1,
  end: endAt(NOW - 5, { version: 7, fingerprint: fingerprint(release('h', 'expiry'))! }),
})
/** Settled 20, released 30. */
export const expiredAt20 = {
  ...expired,
  settled: 20n,
  released: 30n,
  onExpiry: { settle: 20n },
  end: { ...expired.end!, settled: 20n, payee: { balanceId: 9, version: 3 } },
}
