/**
 * A database that is opened for reading only: a replica, a copy, or a primary that this process must not write to. Nothing of it is ever
 * changed: no migration, no command, no stripe, no actor, no last use of a key, no move of commits to the feed.
 */
import type { KeyStore } from '../access/key-store.ts'
import type { Auditor } from '../engine/auditor.ts'
import { Fault } from '../engine/faults.ts'
import type { Reader } from '../engine/reader.ts'
import type { ReplicaSource } from '../engine/replica.ts'
import type { StorageGauges } from './gauges.ts'
import type { Storage } from './storage.ts'

export interface ReadStorage extends ReplicaSource, AsyncDisposable {
  readonly kind: string
  /** Its feed has what a process that writes has moved there. */
  readonly reader: Reader
  readonly auditor: Auditor
  /** The server or the file in use now. */
  place(): string
  readonly keys: Pick<KeyStore, 'live' | 'list' | 'find'>
  /** As of `Storage`; those about commits are left out. */
  readonly warnings: readonly string[]
  inspect(): Promise<readonly string[]>
  gauges(): StorageGauges
  close(): Promise<void>
}

/** A write to a ledger that was opened for reading only. */
export class ReadOnlyError extends Error {
  override readonly name = 'ReadOnlyError'

  constructor() {
    super('This ledger was opened for reading only.')
  }
}

/** All ports over a database that is only read. Every write throws ReadOnlyError, before anything is sent to the database. */
export function refusingWrites(reading: ReadStorage): Storage {
  const { kind, reader, auditor, keys, warnings } = reading
  const refuse = (): Promise<never> => Promise.reject(new ReadOnlyError())
  return {
    kind,
    newFile: null,
    store: {
      connectionsLost: 0,
      load: refuse,
      commit: refuse,
      exclusive: refuse,
      locked: refuse,
      ping: () => answered(reader),
      // Nothing is decided by the clock of a process that only reads.
      clock: () => Promise.resolve({ serverAt: null, newestAt: null }),
    },
    reader,
    actors: { actor: refuse },
    auditor,
    keys: {
      live: (now) => keys.live(now),
      list: (query) => keys.list(query),
      find: (name) => keys.find(name),
      create: refuse,
      rotate: refuse,
      revoke: refuse,
      touch: () => Promise.resolve(),
    },
    warnings,
    inspect: () => reading.inspect(),
    gauges: () => reading.gauges(),
    close: () => reading.close(),
    [Symbol.asyncDispose]: () => reading.close(),
  }
}

/** Proves that rows can be read. `credit` is there from the start. @throws Fault `store_unavailable`, `store_misconfigured` */
async function answered(reader: Reader): Promise<void> {
  const { items } = await reader.assets({ limit: 1, cursor: null })
  if (items.length === 0) throw new Fault('store_misconfigured', 'The database has no asset, so it is no ledger.')
}
