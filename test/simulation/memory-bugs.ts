/** Deliberate bugs in what an engine remembers, in when it relies on that and on its clock, and in its number of attempts. */
import { bug, type DeliberateBug } from './deliberate-bug.ts'

const CYCLE = 'src/engine/cycle.ts'
const RECOVERY = 'src/engine/recovery.ts'

export const MEMORY_BUGS: readonly DeliberateBug[] = [
  bug('refusal-final-before-the-locks', CYCLE, 'beforeLocks(answer)', 'answer'),
  bug(
    'refusal-final-in-a-turn',
    RECOVERY,
    "if (fault.code !== 'store_refused') return await this.after",
    'return await this.after',
  ),
  bug(
    'replay-from-memory',
    'src/engine/proof.ts',
    "return outcome.status === 'rejected' || outcome.replayed",
    "return outcome.status === 'rejected'",
  ),
  {
    name: 'lasting-rejection-from-memory',
    caughtBy: 'src/engine/second-writer.test.ts',
    replacements: [
      {
        path: 'src/engine/proof.ts',
        find: "return outcome.status === 'rejected' || outcome.replayed",
        put: "return outcome.replayed || (outcome.status === 'rejected' && outcome.rejection.code !== 'request_id_reused')",
      },
    ],
  },
  bug('memory-kept-after-a-lost-connection', CYCLE, 'if (this.#hasLostConnection()) {', 'if (work.length < 0) {'),
  bug(
    'one-attempt-fewer',
    RECOVERY,
    'return number < limits.attemptsMax &&',
    'return number + 1 < limits.attemptsMax &&',
  ),
  bug('wrong-clock-is-served', 'src/engine/clock-watch.ts', 'if (this.isSure()) return\n', 'if (count >= 0) return\n'),
  // This is not code of the product. It shows what a store must not do when its connections stay with a server that is no longer the
  // primary.
  bug(
    'refusal-by-an-old-primary',
    'test/simulation/connection.ts',
    "return this.#call('load', () => this.#read('load', () => this.#database.load(footprint)))",
    "const { behind } = this.#mishaps\n    return this.#call('load', () => this.#read(behind === null ? 'load' : 'read', () => (behind === null ? this.#database : behind.storage.store).load(footprint)))",
  ),
]
