/** The rows of the old tables, with every value as text. */

export type Cell = string | null

export interface OldUser {
  readonly key: string
  readonly balance: Cell
  readonly frozen: Cell
}

export interface OldFreeze {
  readonly key: string
  readonly requestId: Cell
  readonly user: Cell
  readonly amount: Cell
}

export interface StatusCount {
  readonly status: Cell
  readonly count: number
}
