/** The rows of the old tables, with every value as text. */

export type Cell = string | null

/** The coins of one kind of one user. */
export interface OldUser {
  readonly key: string
  /** The kind of the coins; null in a table without kinds. */
  readonly kind: Cell
  readonly balance: Cell
  readonly frozen: Cell
}

export interface OldFreeze {
  readonly key: string
  readonly requestId: Cell
  readonly user: Cell
  readonly kind: Cell
  readonly amount: Cell
  /** By the keys of the hold's metadata. NULL is left out. */
  readonly metadata: Readonly<Record<string, string>>
}

export interface StatusCount {
  readonly status: Cell
  readonly count: number
}

/** Identifies the row of a user and a kind of coins. */
export function coinsKey(user: string, kind: Cell): string {
  return JSON.stringify([user, kind])
}
