/** What the lab tells its processes, and what they tell it. Everything here passes between processes as JSON. */
import type { Measured, Sample } from '../load/meter.ts'
import type { Distribution } from '../load/users.ts'
import type { ScenarioName } from '../scenarios/catalogue.ts'
import type { StrategyName } from '../strategies/catalogue.ts'
import type { Counts, Site } from '../strategies/strategy.ts'

/** What one process is to do. */
export interface Assignment {
  readonly scenario: ScenarioName
  readonly strategy: StrategyName
  readonly site: Site
  readonly distribution: Distribution
  readonly seed: number
  /** Calls per second in an open loop; null for a closed one. */
  readonly rate: number | null
  /** Before the window opens: what happens then is no part of the figures. */
  readonly warmupSeconds: number
  readonly seconds: number
  /** How long answers are waited for after the window. */
  readonly drainMsMax: number
}

export interface Performed {
  readonly measured: Measured
  /** What the strategy has counted between the window's ends. */
  readonly counts: Counts
}

export interface Progress {
  /** Seconds since the window opened; 0 before that. */
  readonly at: number
  readonly commands: number
  readonly errors: number
  /** The last one; null before there is one. */
  readonly sample: Sample | null
}

export type ToWorker = { readonly tell: 'assignment'; readonly assignment: Assignment } | { readonly tell: 'begin' }

export type FromWorker =
  | { readonly tell: 'ready' }
  | { readonly tell: 'progress'; readonly progress: Progress }
  | { readonly tell: 'performed'; readonly performed: Performed }
  | { readonly tell: 'failed'; readonly message: string; readonly stack: string }
