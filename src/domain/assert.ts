/**
 * Assertions of the laws of docs/INVARIANTS.md. They fail only if the code has a defect.
 *
 * The engine answers a failed assertion with the fault `internal`, and nothing of the affected work is written.
 */

export type Law = 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8

/** @throws Error with the number of the law */
export function assertLaw(law: Law, isKept: boolean, message: string): asserts isKept {
  if (!isKept) throw new Error(`Law ${law} would be broken: ${message}`)
}

/** The allowed next states of each state. */
export type Transitions<State extends string> = Readonly<Record<State, readonly State[]>>

/** @throws Error for a transition that is not in the table */
export function assertTransition<State extends string>(transitions: Transitions<State>, from: State, to: State): void {
  if (!transitions[from].includes(to)) throw new Error(`No transition leads from "${from}" to "${to}".`)
}
