/** What a scenario is: who asks for what, and the numbers that suit it when none are given. */
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

/** What a workload is made of, in one process. */
export interface Ingredients {
  readonly users: readonly number[]
  readonly distribution: Distribution
  readonly random: Random
  /** A request id that was never given before. */
  readonly nextId: () => string
}

interface Common {
  readonly summary: string
  /** Database connections of a strategy of the write-ups in one process. */
  readonly connections: number
  readonly defaults: Defaults
}

/** One in which users freeze, settle and release. */
export interface LivesScenario extends Common {
  readonly commands: 'lives'
  workload(lives: Lives, ingredients: Ingredients): Workload
}

/** One in which users pay each other. */
export interface TransfersScenario extends Common {
  readonly commands: 'transfers'
  workload(transfers: Transfers, ingredients: Ingredients): Workload
}

export type Scenario = LivesScenario | TransfersScenario
