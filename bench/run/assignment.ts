/** The messages between the lab and its processes, as JSON. */
import type { Measured, Sample } from '../load/meter.ts'
import type { IdKind } from '../load/request-ids.ts'
import type { Distribution } from '../load/users.ts'
import type { ScenarioName } from '../scenarios/catalogue.ts'
import type { StrategyName } from '../strategies/catalogue.ts'
import type { Counts, Site } from '../strategies/strategy.ts'

/** The task of one process. */
export interface Assignment {
  readonly scenario: ScenarioName
  readonly strategy: StrategyName
  readonly site: Site
  readonly distribution: Distribution
  readonly ids: IdKind
  readonly seed: number
  /** Calls per second in an open loop; null for a closed one. */
  readonly rate: number | null
  /** Warm-up before the window opens; not part of the figures. */
  readonly warmupSeconds: number
  readonly seconds: number
  /** Time to wait for outstanding answers after the window. */
  readonly drainMsMax: number
}

export interface Performed {
  readonly measured: Measured
  /** The strategy's counts within the window. */
  readonly counts: Counts
}

export interface Progress {
  /** Seconds since the window opened; 0 before that. */
  readonly at: number
  readonly commands: number
  readonly errors: number
  /** The latest sample; null before the first one. */
  readonly sample: Sample | null
}

export type ToWorker = { readonly kind: 'assignment'; readonly assignment: Assignment } | { readonly kind: 'begin' }

export type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly progress: Progress }
  | { readonly kind: 'performed'; readonly performed: Performed }
  | { readonly kind: 'failed'; readonly message: string; readonly stack: string }
