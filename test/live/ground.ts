/**
 * A scratch database that a live run has to itself, and the hands of an administrator in it: rows as they lie there, a statement or
 * connection of the ledger ended in the middle, a row kept locked. Nothing here touches anything but that database.
 */
import type { Row } from '../../src/stores/sql/values.ts'
import type { Chance } from '../simulation/chance.ts'

/** What an administrator, or a proxy that is out of patience, ends: what runs, or the whole connection. */
export type Ended = 'query' | 'connection'

export interface Address {
  readonly host: string
  readonly port: number
}

export interface Ground {
  /** Of the database, as it is printed. */
  readonly name: string
  /** One store URL for each server of the database, all of the same rows. */
  readonly urls: readonly string[]
  /** How the servers speak; null for a file. */
  readonly protocol: 'mysql' | 'postgres' | null
  /** Where each server listens. */
  readonly addresses: readonly Address[]
  /** Rows as the database has them; whole numbers as bigint, number or text. */
  query(sql: string): Promise<readonly Row[]>
  /** Ends one of the ledger's own statements or connections at this server. False when there was none. */
  end(what: Ended, server: number, chance: Chance): Promise<boolean>
  /** Keeps the rows of an account's balances locked. */
  lockOut(account: string, ms: number): Promise<void>
  /** Drops the database. */
  drop(): Promise<void>
  /** Leaves the database there. */
  close(): Promise<void>
}
