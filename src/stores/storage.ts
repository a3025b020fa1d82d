/** An open database: one implementation of each port over the same rows. */
import type { ActorBook } from '../engine/actor-book.ts'
import type { KeyStore } from '../access/key-store.ts'
import type { Auditor } from '../engine/auditor.ts'
import type { Reader } from '../engine/reader.ts'
import type { Store } from '../engine/store.ts'
import type { StorageGauges } from './gauges.ts'

export interface Storage extends AsyncDisposable {
  /** Which database it is: `memory`, `sqlite`, … */
  readonly kind: string
  /** The absolute path of the file that was made to open this ledger; null if the database existed, or has no file. */
  readonly newFile: string | null
  readonly store: Store
  readonly reader: Reader
  readonly actors: ActorBook
  readonly auditor: Auditor
  readonly keys: KeyStore
  /** What the operator should know about this database's settings, as sentences; as it was when it was opened. */
  readonly warnings: readonly string[]
  /** The warnings as they are now, in one round trip. @throws Fault `store_unavailable` */
  inspect(): Promise<readonly string[]>
  gauges(): StorageGauges
  /** Ends every connection. Later calls throw Fault `store_unavailable`. Closing twice is allowed. */
  close(): Promise<void>
}
