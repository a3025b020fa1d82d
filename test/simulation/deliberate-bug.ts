/** The shape of a deliberate bug; the bugs are in deliberate-bugs.ts. */

export interface Replacement {
  /** Relative to the repository's root. */
  readonly path: string
  /** A text that occurs exactly once in the file. */
  readonly find: string
  readonly put: string
}

export interface DeliberateBug {
  readonly name: string
  /** What catches it: the simulation, or this file of tests, relative to the repository's root. */
  readonly caughtBy: 'simulation' | `${string}.test.ts`
  /** A seed that once caught it. It is tried first, to save time. */
  readonly seed?: number
  readonly replacements: readonly Replacement[]
}

export function bug(name: string, path: string, find: string, put: string): DeliberateBug {
  return { name, caughtBy: 'simulation', replacements: [{ path, find, put }] }
}
