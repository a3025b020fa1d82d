import type { Engine } from '../engine/engine.ts'
import type { Reader } from '../engine/reader.ts'

/** What the service stands on. */
export interface Backend {
  readonly engine: Pick<Engine, 'submit' | 'ready' | 'queueDepth'>
  readonly reader: Reader
  /** `memory`, `sqlite`, … as `/readyz` shows it. */
  readonly storeKind: string
}
