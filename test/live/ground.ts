/**
 * A scratch database for one live run, and the actions of an administrator on it: read the rows, end a statement or a connection of the
 * ledger in progress, keep a row locked. Nothing here touches any other database.
 */
import type { Row } from '../../src/stores/sql/values.ts'
import type { Chance } from '../simulation/chance.ts'

/** The target of an administrator, or of a proxy that has run out of patience: the running statement or the whole connection. */
export type Ended = 'query' | 'connection'

export interface Address {
  readonly host: string
  readonly port: number
}

export interface Ground {
  /** The name of the database, as it is printed. */
  readonly name: string
  /** One store URL for each server of the database. All servers have the same rows. */
  readonly urls: readonly string[]
  /** The protocol of the servers; null for a file. */
  readonly protocol: 'mysql' | 'postgres' | null
  /** The address of each server. */
  readonly addresses: readonly Address[]
  /** The rows as the database returns them; whole numbers are bigint, number or text. */
  query(sql: string): Promise<readonly Row[]>
  /** Ends one of the ledger's own statements or connections on this server. False when there was none. */
  end(what: Ended, server: number, chance: Chance): Promise<boolean>
  /** Keeps the rows of an account's balances locked. */
  lockOut(account: string, ms: number): Promise<void>
  /** Drops the database. */
  drop(): Promise<void>
  /** Disconnects without dropping the database. */
  close(): Promise<void>
}
