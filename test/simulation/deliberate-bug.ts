/** What a deliberate bug is: see deliberate-bugs.ts. */

export interface Replacement {
  /** From the repository's root. */
  readonly path: string
  /** Stands there exactly once. */
  readonly find: string
  readonly put: string
}

export interface DeliberateBug {
  readonly name: string
  /** Who notices: the simulation, or the conformance suite of this store. */
  readonly caughtBy: 'simulation' | 'memory' | 'sqlite'
  /** A seed that once showed it, tried before all others: it only saves time. */
  readonly seed?: number
  readonly replacements: readonly Replacement[]
}

export function bug(name: string, path: string, find: string, put: string): DeliberateBug {
  return { name, caughtBy: 'simulation', replacements: [{ path, find, put }] }
}
