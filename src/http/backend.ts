import type { Auditor } from '../engine/auditor.ts'
import type { Engine } from '../engine/engine.ts'
import type { Sweeper } from '../engine/sweeper.ts'
import type { KeyStore } from '../access/key-store.ts'
import type { ReplicaWatch } from '../engine/replica-watch.ts'
import type { Reader } from '../engine/reader.ts'
import type { Authors } from './author.ts'
import type { Examine } from './checks.ts'
import type { CallTracing } from '../telemetry/call-tracing.ts'

/** The parts of the ledger that the service uses. */
export interface Backend {
  readonly engine: Pick<
    Engine,
    'submit' | 'ready' | 'queueDepth' | 'crowdFor' | 'hasCompany' | 'limits' | 'clockWarnings'
  > &
    Partial<Pick<Engine, 'observesBatches' | 'quickestCommitMs'>>
  readonly reader: Reader
  /** Who gives the commands of a call. Absent: nobody is recorded, and nobody is confined. */
  readonly authors?: Authors
  readonly store: StoreFacts
  /** Whether the database was opened for reading only, so that commands are refused. Default false. */
  readonly isReadOnly?: boolean
  /** How far behind the database of the reads is. Null or absent: they are read where commands are committed. */
  readonly replica?: Pick<ReplicaWatch, 'current' | 'check'> | null
  /** Null or absent where the database cannot be examined. */
  readonly examine?: Examine | null
  /** Null if this process does not sweep. */
  readonly sweeper: Pick<Sweeper, 'status'> | null
  /** Null or absent without traces. */
  readonly tracing?: Pick<CallTracing, 'begin'> | null | undefined
}

/** The database, besides the ports of the engine: its keys, and the information in `/readyz`. */
export interface StoreFacts {
  /** `memory`, `sqlite`, … */
  readonly kind: string
  readonly keys: KeyStore
  readonly auditor: Auditor
  /** Warnings for the operator, as sentences, from when the database was opened. */
  readonly warnings: readonly string[]
  /** The current warnings. @throws Fault `store_unavailable` */
  inspect(): Promise<readonly string[]>
}
