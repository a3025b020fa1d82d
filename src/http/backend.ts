import type { Engine } from '../engine/engine.ts'
import type { Sweeper } from '../engine/sweeper.ts'
import type { Reader } from '../engine/reader.ts'

/** What the service stands on. */
export interface Backend {
  readonly engine: Pick<Engine, 'submit' | 'ready' | 'queueDepth' | 'limits' | 'clockWarnings'>
  readonly reader: Reader
  readonly store: StoreFacts
  /** Null when this process does not sweep. */
  readonly sweeper: Pick<Sweeper, 'status'> | null
}

/** What `/readyz` tells of the database. */
export interface StoreFacts {
  /** `memory`, `sqlite`, … */
  readonly kind: string
  /** What the operator should know, as sentences, when it was opened. */
  readonly warnings: readonly string[]
  /** The same as it is now. @throws Fault `store_unavailable` */
  inspect(): Promise<readonly string[]>
}
