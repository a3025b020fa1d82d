/** The rows of a list and the planned fixes, in a temporary file, because a list can be larger than memory. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { RequestId } from '../domain/ids.ts'
import type { Fix } from './finding.ts'

export interface NotedRow {
  /** Different for every row. */
  readonly line: number
  readonly requestId: RequestId
}

export class Notebook<Row extends NotedRow> implements Disposable {
  readonly #folder: string
  readonly #database: DatabaseSync
  readonly #statements

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'holdfast-reconcile-'))
    const database = new DatabaseSync(join(this.#folder, 'notebook.db'), { readBigInts: true })
    // The file is deleted at the end of the process. It need not survive a crash, and all writes are one transaction.
    database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
      CREATE TABLE list (line INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, row TEXT NOT NULL);
      CREATE TABLE extra (id TEXT PRIMARY KEY) WITHOUT ROWID;
      CREATE TABLE plan (number INTEGER PRIMARY KEY, fix TEXT NOT NULL);
      BEGIN`)
    this.#statements = {
      add: database.prepare('INSERT OR IGNORE INTO list VALUES (?, ?, ?)'),
      lineOf: database.prepare('SELECT line FROM list WHERE id = ?'),
      rows: database.prepare('SELECT line, row FROM list WHERE line > ? ORDER BY line LIMIT ?'),
      meet: database.prepare('INSERT OR IGNORE INTO extra VALUES (?)'),
      plan: database.prepare('INSERT INTO plan (fix) VALUES (?)'),
      planned: database.prepare('SELECT number, fix FROM plan WHERE number > ? ORDER BY number LIMIT ?'),
    }
    this.#database = database
  }

  /** Records a row. Returns the line of the first row with its request id, or null if this is the first. */
  add(row: Row): number | null {
    if (this.#statements.add.run(row.line, row.requestId, textOf(row)).changes > 0) return null
    return this.lineOf(row.requestId)
  }

  /** The line of a request id; null if the list does not have it. */
  lineOf(id: RequestId): number | null {
    const line = this.#statements.lineOf.get(id)?.['line']
    return line === undefined ? null : Number(line)
  }

  /** The recorded rows in the order of the list, up to `limit` at a time. */
  *rows(limit: number): Generator<readonly Row[]> {
    for (let after = 0n; ;) {
      const rows = this.#statements.rows.all(after, limit) as unknown as readonly { line: bigint; row: string }[]
      if (rows.length === 0) return
      yield rows.map(({ row }) => valueOf<Row>(row))
      after = rows.at(-1)!.line
    }
  }

  /** Returns whether this entry is met for the first time. An entry is in the statements of all its accounts. */
  meet(entryId: string): boolean {
    return this.#statements.meet.run(entryId).changes > 0
  }

  plan(fix: Fix): void {
    this.#statements.plan.run(textOf(fix))
  }

  /** The planned fixes in order, up to `limit` at a time. */
  *planned(limit: number): Generator<readonly Fix[]> {
    for (let after = 0n; ;) {
      const rows = this.#statements.planned.all(after, limit) as unknown as readonly { number: bigint; fix: string }[]
      if (rows.length === 0) return
      yield rows.map(({ fix }) => valueOf<Fix>(fix))
      after = rows.at(-1)!.number
    }
  }

  [Symbol.dispose](): void {
    this.#database.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

/** JSON with amounts as strings. */
function textOf(value: unknown): string {
  return JSON.stringify(value, (_, each: unknown) => (typeof each === 'bigint' ? String(each) : each))
}

function valueOf<Value>(text: string): Value {
  return JSON.parse(text, (name, each: unknown) =>
    (name === 'amount' || name === 'toAmount') && typeof each === 'string' ? BigInt(each) : each,
  ) as Value
}
