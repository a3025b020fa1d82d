/**
 * Erases what requests say about a person: memos and metadata, in the requests of an account and in the account itself.
 *
 * The books stay whole: amounts, times, names and the fingerprints of requests are not touched, so every law holds as before and a repeat
 * still gets its first answer, without what was erased. A request between several accounts, such as a transfer, loses its memo and
 * metadata for all of them.
 *
 * Every statement is a transaction of its own, and bounded. An erasure that was stopped is finished by doing it again.
 */
import type { AccountName } from '../../domain/ids.ts'
import type { ErasureProgress, ErasureReport } from '../erasure.ts'
import { linesOf } from './run-row.ts'
import { whole, type Row } from './values.ts'

/** Runs of a journal that are read in one statement: at most 20,000 lines. */
const RUNS_PER_STATEMENT = 200
/** Requests in one statement. */
const REQUESTS_PER_STATEMENT = 500
/** Requests that are passed in one statement while those without a posting are looked for. */
const REQUESTS_PASSED = 20_000

const ERASE = 'UPDATE requests SET memo = NULL, metadata = NULL'
const IS_THERE = '(memo IS NOT NULL OR metadata IS NOT NULL)'
/** The kinds of entries that can be without a posting. */
const WITHOUT_POSTINGS = `kind IN ('open', 'block', 'unblock', 'merge') AND postings = '[]'`

/** A connection that may change requests. */
export interface Editor {
  /** Runs one statement. */
  run(sql: string): Promise<readonly Row[]>
  /** A text as SQL. */
  quote(text: string): string
}

export async function erase(editor: Editor, account: AccountName, onProgress: ErasureProgress): Promise<ErasureReport> {
  const name = editor.quote(account)
  const erasure = new Erasure(editor)
  const balances = await editor.run(`SELECT id, version FROM balances WHERE account = ${name} ORDER BY id`)
  const versions = balances.reduce((sum, row) => sum + whole(row['version']), 0)
  let passed = 0
  for (const row of balances) {
    await erasure.ofBalance(whole(row['id']), (version) => onProgress((passed + version) / versions))
    passed += whole(row['version'])
  }
  const attached = await editor.run(`SELECT metadata FROM accounts WHERE account = ${name}`)
  const stands = await editor.run(`SELECT account FROM standings WHERE account = ${name}`)
  // Only such an account can have entries without a posting, and no index finds them.
  if (attached.length + stands.length > 0) await erasure.withoutPostings(name)
  const hadMetadata = attached.length > 0 && attached[0]!['metadata'] !== '{}'
  if (hadMetadata) await editor.run(`UPDATE accounts SET metadata = '{}' WHERE account = ${name}`)
  return { requests: erasure.requests, erased: erasure.erased, hadMetadata }
}

class Erasure {
  readonly #editor: Editor
  requests = 0
  erased = 0

  constructor(editor: Editor) {
    this.#editor = editor
  }

  /** Along the journal of a balance, which names every request that moved it. */
  async ofBalance(id: number, onVersion: (version: number) => void): Promise<void> {
    for (let last = 0; ;) {
      const runs = await this.#editor.run(
        `SELECT * FROM journal WHERE balance_id = ${id} AND first_version > ${last}
         ORDER BY balance_id, first_version LIMIT ${RUNS_PER_STATEMENT}`,
      )
      await this.#erase([...new Set(runs.flatMap(linesOf).map(({ seq }) => seq))])
      if (runs.length < RUNS_PER_STATEMENT) return
      last = whole(runs.at(-1)!['first_version'])
      onVersion(last)
    }
  }

  /** @param name the account as SQL */
  async withoutPostings(name: string): Promise<void> {
    for (let last = 0; ;) {
      const [end] = await this.#editor.run(
        `SELECT MAX(s.seq) AS seq FROM (SELECT seq FROM requests WHERE seq > ${last} ORDER BY seq LIMIT ${REQUESTS_PASSED}) s`,
      )
      if (end === undefined || end['seq'] === null) return
      const next = whole(end['seq'])
      const found = await this.#editor.run(
        `SELECT seq FROM requests WHERE seq > ${last} AND seq <= ${next} AND payee = ${name} AND ${WITHOUT_POSTINGS}`,
      )
      await this.#erase(found.map((row) => whole(row['seq'])))
      last = next
    }
  }

  async #erase(seqs: readonly number[]): Promise<void> {
    this.requests += seqs.length
    for (let first = 0; first < seqs.length; first += REQUESTS_PER_STATEMENT) {
      const some = seqs.slice(first, first + REQUESTS_PER_STATEMENT).join(',')
      const left = await this.#editor.run(`SELECT seq FROM requests WHERE seq IN (${some}) AND ${IS_THERE}`)
      if (left.length === 0) continue
      await this.#editor.run(`${ERASE} WHERE seq IN (${left.map((row) => whole(row['seq'])).join(',')})`)
      this.erased += left.length
    }
  }
}
