/**
 * Assertions: what is true unless the code has a defect. The laws are those of docs/INVARIANTS.md.
 *
 * An engine answers a failed assertion as the fault `internal`, and the work that it was found in writes nothing.
 */

export type Law = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** @throws Error that names the law */
export function assertLaw(law: Law, isKept: boolean, message: string): asserts isKept {
  if (!isKept) throw new Error(`Law ${law} would be broken: ${message}`)
}

/** The states that each state may be followed by. */
export type Transitions<State extends string> = Readonly<Record<State, readonly State[]>>

/** @throws Error for a transition that is not in the table */
export function assertTransition<State extends string>(transitions: Transitions<State>, from: State, to: State): void {
  if (!transitions[from].includes(to)) throw new Error(`No transition leads from "${from}" to "${to}".`)
}
