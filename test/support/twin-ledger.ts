/**
 * Two copies of the same rows: in the memory store, which is the model, and in an SQLite file. The rules decide once, on the model, so that
 * balance ids agree too.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { DatabaseSync, SQLInputValue } from 'node:sqlite'
import fc from 'fast-check'
import { decideBatch } from '../../src/domain/batch.ts'
import type { Work, Answer } from '../../src/domain/command.ts'
import { HouseStripes } from '../../src/domain/house-stripes.ts'
import type { Instant } from '../../src/domain/ids.ts'
import { footprint } from '../../src/domain/rules.ts'
import { openMemoryStorage } from '../../src/stores/memory/storage.ts'
import { Tables } from '../../src/stores/memory/tables.ts'
import { SqlAuditor } from '../../src/stores/sql/auditor.ts'
import type { Query } from '../../src/stores/sql/dialect.ts'
import type { WalkLimits } from '../../src/stores/sql/walk.ts'
import { migrate } from '../../src/stores/sql/migrator.ts'
import { SqlReader } from '../../src/stores/sql/reader.ts'
import type { Row } from '../../src/stores/sql/values.ts'
import { openConnection, openReadConnection } from '../../src/stores/sqlite/connection.ts'
import { flatten } from '../../src/stores/sqlite/writes.ts'
import { sqliteMigrations, sqliteMigrationTarget } from '../../src/stores/sqlite/migrations.ts'
import { SqliteTables } from '../../src/stores/sqlite/tables.ts'
import { cut, cuts, work } from './arbitrary-work.ts'
import { ACTORS, enterActors, useOf } from './authors.ts'
import { MOMENT } from './given.ts'

/** Work of one engine in one transaction. */
export interface Batch {
  readonly houseStripe: number
  readonly work: readonly Work[]
}

/** Random work of three engines in turn. */
export const batches: fc.Arbitrary<readonly Batch[]> = fc
  .tuple(work, cuts)
  .map(([items, after]) => cut(items, after).map((part, index) => ({ houseStripe: [0, 7, 1][index % 3]!, work: part })))

/** Each run writes a database to disk, so shrinking is bounded. */
export const RUNS = { seed: 616, interruptAfterTimeLimit: 60_000, markInterruptAsFailure: true } as const

/** A statement that was run, with its parameters. */
export type Asked = readonly [sql: string, parameters: readonly SQLInputValue[]]

/** One step of a query plan. Nested loops of a join are children of the same step, outermost first. */
export interface PlanStep {
  readonly within: number
  readonly what: string
}

export class TwinLedger implements Disposable {
  readonly tables = new Tables()
  readonly model = openMemoryStorage(this.tables)
  readonly reader: SqlReader
  readonly auditor: SqlAuditor
  readonly query: Query
  /** Every statement executed through `query`. */
  readonly asked: Asked[] = []
  readonly #folder: string
  readonly #writes: DatabaseSync
  readonly #reads: DatabaseSync
  readonly #sqlite: SqliteTables
  #now = MOMENT.now

  private constructor(folder: string, writes: DatabaseSync, path: string) {
    this.#folder = folder
    this.#writes = writes
    this.#sqlite = new SqliteTables(writes)
    this.#reads = openReadConnection(path, { busyTimeoutMs: 1_000 })
    this.query = async (sql, parameters) => {
      this.asked.push([sql, parameters as SQLInputValue[]])
      return this.#reads.prepare(sql).all(...(parameters as SQLInputValue[]))
    }
    this.reader = new SqlReader('sqlite', this.query)
    this.auditor = new SqlAuditor('sqlite', this.query)
  }

  /** The clock of the first engine, which is ahead of the others. */
  get now(): Instant {
    return this.#now
  }

  /** Another reader of the file with a smaller scan limit per page. */
  readerWithin(limits: WalkLimits): SqlReader {
    return new SqlReader('sqlite', this.query, { limits })
  }

  static async open(): Promise<TwinLedger> {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-twin-'))
    const path = join(folder, 'ledger.db')
    const writes = openConnection(path, { busyTimeoutMs: 1_000 })
    // Nothing here has to survive a crash.
    writes.exec('PRAGMA synchronous = OFF')
    await migrate(sqliteMigrationTarget(writes), sqliteMigrations())
    const ledger = new TwinLedger(folder, writes, path)
    await enterActors(ledger.model.actors)
    for (const actor of ACTORS) ledger.#sqlite.actor(useOf(actor), 1)
    return ledger
  }

  /** Decides and writes one batch; rejections are ignored. */
  async write({ work: items, houseStripe }: Batch): Promise<readonly Answer[]> {
    const stripes = new HouseStripes(houseStripe)
    const snapshot = await this.model.store.load(footprint(items, stripes))
    this.#now += 1_000
    // Each engine's clock lags by as many seconds as its stripe number.
    const moment = { ...MOMENT, now: this.#now - houseStripe * 1_000 }
    const { outcomes, changes } = decideBatch(items, snapshot, stripes, moment)
    assert.equal(await this.model.store.commit(changes), 'committed')
    assert.equal(this.#sqlite.commit(flatten(changes)), 'committed')
    return outcomes.flat().flatMap((outcome) => (outcome.status === 'applied' ? [outcome.answer] : []))
  }

  /** As `write`, for work without rejections. */
  async apply(houseStripe: number, ...items: readonly Work[]): Promise<void> {
    const answers = await this.write({ houseStripe, work: items })
    assert.equal(answers.length, items.length)
  }

  /** Changes one row of the file only, ignoring constraints. */
  plant(sql: string, ...parameters: readonly SQLInputValue[]): void {
    this.#writes.exec('PRAGMA ignore_check_constraints = ON')
    assert.equal(Number(this.#writes.prepare(sql).run(...parameters).changes), 1, sql)
  }

  /** SQLite's query plan for a statement. */
  planOf([sql, parameters]: Asked): readonly PlanStep[] {
    const rows = this.#reads.prepare(`EXPLAIN QUERY PLAN ${sql}`).all(...parameters) as Row[]
    return rows.map((row) => ({ within: Number(row['parent']), what: row['detail'] as string }))
  }

  [Symbol.dispose](): void {
    this.#writes.close()
    this.#reads.close()
    rmSync(this.#folder, { recursive: true })
  }
}
