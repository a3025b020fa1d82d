/** What a database that is only read says about how old its rows are. */

import type { Reader } from './reader.ts'

export type ReplicaState =
  /** Its rows are not behind: the server takes the writes itself, or nothing is copied. */
  | { readonly role: 'primary' }
  | {
      readonly role: 'replica'
      /** Whether it is connected to its source, and everything that it received is applied. */
      readonly isCaughtUp: boolean
      /**
       * An upper bound of how old its rows are, in milliseconds, by the clocks of both servers. Of PostgreSQL it is also large when nothing was
       * committed for long. Null: not known.
       */
      readonly ageMs: number | null
      /** Why it is not known, as a sentence; null if it is. */
      readonly unknown: string | null
    }

export interface ReplicaSource {
  /** @throws Fault `store_unavailable`, `store_misconfigured` */
  replicaState(): Promise<ReplicaState>
}

export interface ReplicaReader {
  readonly reader: Reader
  /** The server in use, in cursors: 1 to 16 letters and digits. Of two replicas, one may be further behind. */
  name(): string
}
