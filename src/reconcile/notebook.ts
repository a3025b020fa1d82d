/** The requests of a list and the planned fixes, in a temporary file, because a list can be larger than memory. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { Overage } from '../domain/command.ts'
import type { RequestId } from '../domain/ids.ts'
import type { Fix } from './judgement.ts'

export class Notebook implements Disposable {
  readonly #folder: string
  readonly #database: DatabaseSync
  readonly #statements

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'holdfast-reconcile-'))
    const database = new DatabaseSync(join(this.#folder, 'notebook.db'), { readBigInts: true })
    // The file is deleted at the end of the process. It need not survive a crash, and all writes are one transaction.
    database.exec(`PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
      CREATE TABLE seen (id TEXT PRIMARY KEY, line INTEGER NOT NULL) WITHOUT ROWID;
      CREATE TABLE plan (number INTEGER PRIMARY KEY, hold TEXT NOT NULL UNIQUE, amount INTEGER, overage TEXT);
      BEGIN`)
    this.#statements = {
      see: database.prepare('INSERT OR IGNORE INTO seen VALUES (?, ?)'),
      lineOf: database.prepare('SELECT line FROM seen WHERE id = ?'),
      plan: database.prepare('INSERT INTO plan (hold, amount, overage) VALUES (?, ?, ?)'),
      forget: database.prepare('DELETE FROM plan WHERE hold = ?'),
      planned: database.prepare(
        'SELECT number, hold, amount, overage FROM plan WHERE number > ? ORDER BY number LIMIT ?',
      ),
    }
    this.#database = database
  }

  /** Records a request. Returns the line of its first occurrence, or null if this is the first. */
  see(id: RequestId, line: number): number | null {
    if (this.#statements.see.run(id, line).changes > 0) return null
    return this.lineOf(id)
  }

  lineOf(id: RequestId): number | null {
    const line = this.#statements.lineOf.get(id)?.['line']
    return line === undefined ? null : Number(line)
  }

  plan(fix: Fix): void {
    const [amount, overage] = fix.kind === 'settle' ? [fix.amount, fix.overage] : [null, null]
    this.#statements.plan.run(fix.hold, amount, overage)
  }

  /** Removes the planned fix of a hold. Returns whether there was one. */
  forget(hold: RequestId): boolean {
    return this.#statements.forget.run(hold).changes > 0
  }

  /** The planned fixes in order, up to `limit` at a time. */
  *planned(limit: number): Generator<readonly Fix[]> {
    for (let after = 0n; ;) {
      const rows = this.#statements.planned.all(after, limit) as unknown as readonly {
        readonly number: bigint
        readonly hold: string
        readonly amount: bigint | null
        readonly overage: Overage | null
      }[]
      if (rows.length === 0) return
      yield rows.map(({ hold, amount, overage }) => {
        return amount === null ? { kind: 'release', hold } : { kind: 'settle', hold, amount, overage: overage! }
      })
      after = rows.at(-1)!.number
    }
  }

  [Symbol.dispose](): void {
    this.#database.close()
    rmSync(this.#folder, { recursive: true, force: true })
  }
}
