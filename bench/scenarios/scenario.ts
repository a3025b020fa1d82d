/** A scenario: the workload, and its default numbers. */
import type { Workload } from '../load/call.ts'
import type { Random } from '../load/random.ts'
import type { Distribution } from '../load/users.ts'
import type { Lives, Transfers } from '../strategies/strategy.ts'

export interface Defaults {
  readonly users: number
  readonly inFlight: number
  readonly processes: number
  readonly seconds: number
}

/** Inputs of a workload in one process. */
export interface Ingredients {
  readonly users: readonly number[]
  readonly distribution: Distribution
  readonly random: Random
  /** A request id that was not returned before. */
  readonly nextId: () => string
}

interface Common {
  readonly summary: string
  /** Database connections of a write-up's strategy in one process. */
  readonly connections: number
  readonly defaults: Defaults
}

/** Users freeze, settle and release. */
export interface LivesScenario extends Common {
  readonly commands: 'lives'
  workload(lives: Lives, ingredients: Ingredients): Workload
}

/** Users transfer to each other. */
export interface TransfersScenario extends Common {
  readonly commands: 'transfers'
  workload(transfers: Transfers, ingredients: Ingredients): Workload
}

export type Scenario = LivesScenario | TransfersScenario
