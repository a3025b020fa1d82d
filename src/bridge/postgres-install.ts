/**
 * The installation of a bridge on PostgreSQL, while the old system serves. Each step can be stopped and run again:
 *
 *   tables ▶ links of all users ▶ functions and triggers ▶ links of users that came meanwhile ▶ old request ids ▶ users taken over
 */
import { isRequestId, type RequestId } from '../domain/ids.ts'
import type { RunningNumbers } from '../domain/running-numbers.ts'
import { coinsOf } from '../import/mapping.ts'
import { newBalanceIds } from '../stores/sql/balance-ids.ts'
import { feedRow } from '../stores/sql/feed-row.ts'
import { requestIdText, requestKey } from '../stores/sql/request-key.ts'
import { KNOWN_MEMO } from './bridge-posting.ts'
import { BridgeError, type InstallOptions, type InstallProgress } from './bridge.ts'
import { aroundKey } from './coin-cases.ts'
import { planText } from './plan.ts'
import { functionName, functionSql, NOW } from './postgres-posting.ts'
import { BRIDGE_TABLES, bridgeTable, functions, triggers } from './postgres-routines.ts'
import type { PostgresSession } from './postgres-session.ts'
import {
  accountNamed,
  literal,
  literals,
  OldRow,
  quoted,
  textOf,
  valueOf,
  type KeyColumn,
  type OldTables,
} from './postgres-tables.ts'

const PAGE_ROWS = 1_000
const REQUESTS_PER_PAGE = 500
/** How many of the old requests are listed that the ledger has as requests of its own. */
const TAKEN_LISTED_MAX = 100

export interface KnownRequests {
  readonly requestsKnown: number
  readonly requestsTaken: readonly string[]
}

export class PostgresInstallation {
  readonly #session: PostgresSession
  readonly #tables: OldTables
  readonly #progress: InstallProgress

  constructor(session: PostgresSession, tables: OldTables, progress: InstallProgress) {
    this.#session = session
    this.#tables = tables
    this.#progress = progress
  }

  async run({ batchUsers, adopt }: InstallOptions): Promise<KnownRequests> {
    await this.#check()
    const isBegun = await this.#makeTables()
    await this.#findUsers({ isServing: isBegun })
    await this.#makeFunctions()
    await this.#makeTriggers()
    await this.#findUsers({ isServing: true })
    const known = await this.#knowRequests()
    await this.#attach(batchUsers, adopt)
    await this.#session.ask(`UPDATE ${this.#tables.ledger}.bridge SET state = 'done' WHERE side = 3`)
    return known
  }

  /** @throws BridgeError */
  async #check(): Promise<void> {
    const { plan, ledger, users, freezes } = this.#tables
    for (const { sql } of [users, freezes]) {
      // Its triggers can be made with less, and not removed.
      const [owner] = await this.#session.ask(
        `SELECT pg_has_role(c.relowner, 'USAGE') AS is_ours, pg_get_userbyid(c.relowner) AS name FROM pg_class c WHERE c.oid = ${literal(sql)}::regclass`,
      )
      if (owner?.['is_ours'] !== true) {
        throw new BridgeError(
          `${sql} belongs to ${String(owner?.['name'])}: only its owner can remove a trigger from it. Install as that user, or as a member of it.`,
        )
      }
    }
    const codes = coinsOf(plan.mapping).map(({ asset }) => asset)
    const known = await this.#session.ask(`SELECT code FROM ${ledger}.assets WHERE code IN (${literals(codes)})`)
    const unknown = codes.find((code) => !known.some((row) => row['code'] === code))
    if (unknown !== undefined) {
      throw new BridgeError(
        `The ledger has no asset ${unknown}. Declare it first: holdfast declare ${unknown} --decimals N.`,
      )
    }
  }

  /** Returns whether they were there. */
  async #makeTables(): Promise<boolean> {
    const { ask } = this.#session
    const { ledger, plan } = this.#tables
    for (const name of Object.keys(BRIDGE_TABLES)) await ask(bridgeTable(this.#tables, name))
    const text = planText(plan)
    const before = await ask(`SELECT side FROM ${ledger}.bridge`)
    await ask(
      `INSERT INTO ${ledger}.bridge (side, state, locks, plan) VALUES
        (1, 'open', ${literal(locksText(this.#tables))}, ${literal(text)}), (2, 'open', NULL, NULL), (3, 'begun', NULL, NULL)
       ON CONFLICT DO NOTHING`,
    )
    const [row] = await ask(`SELECT state, plan FROM ${ledger}.bridge WHERE side = 1`)
    if (row!['plan'] !== text) {
      throw new BridgeError(
        'A bridge with other options is installed. Give the same options to go on with it, or remove it first.',
      )
    }
    if (row!['state'] === 'closing')
      throw new BridgeError('The bridge is being removed. Run "holdfast bridge remove" to the end first.')
    await ask(
      `INSERT INTO ${ledger}.house_accounts (account, declared_at) VALUES (${literal(plan.house)}, ${NOW}) ON CONFLICT DO NOTHING`,
    )
    await this.#letServicesRead()
    return before.length > 0
  }

  /** Who may write requests serves the ledger, and has to know which old rows to lock. */
  async #letServicesRead(): Promise<void> {
    const { ledger } = this.#tables
    const roles = await this.#session.ask(
      `SELECT DISTINCT CASE a.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS role
       FROM pg_class c CROSS JOIN LATERAL aclexplode(c.relacl) a
       WHERE c.oid = ${literal(`${ledger}.requests`)}::regclass AND a.privilege_type = 'INSERT' AND a.grantee <> c.relowner`,
    )
    for (const { role } of roles) await this.#session.ask(`GRANT SELECT ON ${ledger}.bridge TO ${String(role)}`)
  }

  /** Nobody else may call what posts. */
  async #makeFunctions(): Promise<void> {
    for (const [name, text] of functions(this.#tables)) {
      await this.#session.transaction([
        functionSql(this.#tables, name, text),
        `REVOKE ALL ON FUNCTION ${functionName(this.#tables, name)} FROM PUBLIC`,
      ])
    }
  }

  /** All of a table in one transaction, and each table in one of its own: nobody waits for two. */
  async #makeTriggers(): Promise<void> {
    const wanted = Map.groupBy(triggers(this.#tables), ({ table }) => table.sql)
    for (const [table, each] of wanted) {
      const found = await this.#session.ask(
        `SELECT tgname AS name FROM pg_trigger WHERE tgrelid = ${literal(table)}::regclass AND NOT tgisinternal`,
      )
      const missing = each.filter(({ name }) => !found.some((row) => row['name'] === name)).map(({ sql }) => sql)
      if (missing.length > 0) await this.#session.change(table, 'SHARE ROW EXCLUSIVE', missing)
    }
  }

  /** A link for each old row. @param isServing one commit each: a link must not be locked while another one is waited for */
  async #findUsers({ isServing }: { readonly isServing: boolean }): Promise<void> {
    const { users, ledger, key, kind } = this.#tables
    const row = new OldRow(this.#tables, 'u')
    const order = [key, ...(kind === null ? [] : [kind])]
    const inOrder = order.map(({ sql }) => `u.${sql}`).join(', ')
    let after: readonly string[] | null = null
    for (let done = 0; ;) {
      const page = await this.#session.ask(
        `SELECT p.*, p.account IS NOT NULL AND p.asset IS NOT NULL AND a.account IS NULL AS is_missing
         FROM (SELECT ${row.account} AS account, ${row.asset} AS asset, ${row.key} AS old_key, ${row.kind} AS old_kind,
             row_number() OVER (ORDER BY ${inOrder}) AS place
           FROM ${users.sql} u ${after === null ? '' : `WHERE ${isBeyond(order, after)}`} ORDER BY ${inOrder} LIMIT ${PAGE_ROWS}) p
         LEFT JOIN ${ledger}.bridge_accounts a ON a.account = p.account AND a.asset = p.asset ORDER BY p.place`,
      )
      if (page.length === 0) return
      const last = page.at(-1)!
      after = [String(last['old_key']), ...(kind === null ? [] : [String(last['old_kind'])])]
      const values = page
        .filter((each) => each['is_missing'] === true)
        .map(
          ({ account, asset, old_key, old_kind }) =>
            `(${literals([String(account), String(asset), String(old_key), String(old_kind)])}, 'pending')`,
        )
      const insert = (rows: readonly string[]): Promise<void> =>
        this.#session.insist(
          `INSERT INTO ${ledger}.bridge_accounts (account, asset, old_key, old_kind, state) VALUES ${rows.join(', ')} ON CONFLICT DO NOTHING`,
        )
      if (isServing) for (const value of values) await insert([value])
      else if (values.length > 0) await insert(values)
      done += page.length
      this.#progress('users found', done, null)
    }
  }

  /** An entry for each old request that was there before the triggers. */
  async #knowRequests(): Promise<KnownRequests> {
    const { ledger, freezes, plan, columns, freezeKey } = this.#tables
    const numbers = newBalanceIds()
    const [walk] = await this.#session.ask(`SELECT walked FROM ${ledger}.bridge WHERE side = 3`)
    let after = typeof walk?.['walked'] === 'string' ? walk['walked'] : null
    const taken: string[] = []
    for (let done = 0; ;) {
      const key = `f.${freezeKey.sql}`
      const page = await this.#session.ask(
        `SELECT ${textOf(key)} AS k, ${textOf(`f.${quoted(columns.requestId.name)}`)} AS id,
           ${accountNamed(plan, textOf(`f.${quoted(columns.freezeUser.name)}`))} AS account
         FROM ${freezes.sql} f ${after === null ? '' : `WHERE ${key} > ${valueOf(freezeKey, literal(after))}`}
         ORDER BY ${key} LIMIT ${REQUESTS_PER_PAGE}`,
      )
      if (page.length === 0) return { requestsKnown: done, requestsTaken: taken }
      after = String(page.at(-1)!['k'])
      const asked = new Map<RequestId, string | null>()
      for (const { id, account } of page) if (isRequestId(id)) asked.set(id, account as string | null)
      taken.push(...(await this.#know(asked, numbers, after)).slice(0, TAKEN_LISTED_MAX - taken.length))
      done += page.length
      this.#progress('old requests', done, null)
    }
  }

  /** Returns those that the ledger has as requests of its own. */
  async #know(
    asked: ReadonlyMap<RequestId, string | null>,
    numbers: RunningNumbers,
    walked: string,
  ): Promise<readonly string[]> {
    const { ledger } = this.#tables
    const keys = new Map([...asked.keys()].map((id) => [requestKey(id).hex, id]))
    for (;;) {
      const found =
        asked.size === 0
          ? []
          : await this.#session.ask(
              `SELECT encode(id, 'hex') AS hex, memo FROM ${ledger}.requests WHERE id IN (${[...keys.keys()].map(bytes).join(', ')})`,
            )
      const have = new Set(found.map(({ hex }) => keys.get(String(hex))!))
      const fresh = [...asked]
        .filter(([id]) => !have.has(id))
        .map(([id, account]) => ({ id, account, seq: numbers.next() }))
      const rows = fresh.map(
        ({ id, account, seq }) =>
          `(${literal(seq)}, ${bytes(requestKey(id).hex)}, ${literals([requestIdText(id), 'open'])}, ${NOW}, ${literals([0, KNOWN_MEMO, '[]', account])})`,
      )
      const entries = feedRow(fresh.map(({ seq }) => ({ seq, isEnd: false }))).entries
      try {
        await this.#session.transaction([
          ...(rows.length === 0
            ? []
            : [
                `INSERT INTO ${ledger}.requests (seq, id, id_text, kind, at, fingerprint, memo, postings, payee) VALUES ${rows.join(', ')}`,
                `INSERT INTO ${ledger}.commits (entries) VALUES (${literal(entries)})`,
              ]),
          `UPDATE ${ledger}.bridge SET walked = ${literal(walked)} WHERE side = 3`,
        ])
      } catch (error) {
        // A request came meanwhile, or a number was taken.
        if (!this.#session.isTaken(error)) throw error
        numbers.leap()
        continue
      }
      return found.filter(({ memo }) => memo !== KNOWN_MEMO).map(({ hex }) => keys.get(String(hex))!)
    }
  }

  /** Takes over all pending and refused users, page by page, each in the order in which everybody locks them. */
  async #attach(batchUsers: number, adopt: boolean): Promise<void> {
    const { ledger, key, kind } = this.#tables
    const isLoose = `state IN ('pending', 'refused')`
    const [count] = await this.#session.ask(`SELECT count(*) AS total FROM ${ledger}.bridge_accounts WHERE ${isLoose}`)
    const total = Number(count!['total'])
    const why = adopt ? 'adopt' : 'attach'
    const call = (row: Readonly<Record<string, unknown>>): string =>
      `SELECT ${functionName(this.#tables, 'attach')}(${literals([String(row['account']), String(row['asset']), why])})`
    const order = [valueOf(key, 'p.old_key'), ...(kind === null ? [] : [valueOf(kind, 'p.old_kind')])]
    let last = 0
    for (let done = 0; ;) {
      const page = await this.#session.ask(
        `SELECT p.* FROM (
           SELECT account, asset, number, old_key, old_kind FROM ${ledger}.bridge_accounts
           WHERE ${isLoose} AND number > ${last} ORDER BY number LIMIT ${batchUsers}
         ) p ORDER BY ${order.join(', ')}`,
      )
      if (page.length === 0) return
      try {
        await this.#session.attempt(page.map(call))
      } catch (error) {
        if (!this.#session.isContended(error)) throw error
        // Somebody keeps one of the rows locked: the others must not wait with it.
        for (const row of page) await this.#session.transaction([call(row)])
      }
      last = Math.max(...page.map((row) => Number(row['number'])))
      done += page.length
      this.#progress('users taken over', done, Math.max(total, done))
    }
  }
}

/** Rows after this key, or of this key and after this kind. */
function isBeyond(order: readonly KeyColumn[], last: readonly string[]): string {
  const columns = order.map(({ sql }) => `u.${sql}`)
  const values = order.map((column, place) => valueOf(column, literal(last[place]!)))
  return `(${columns.join(', ')}) > (${values.join(', ')})`
}

function bytes(hex: string): string {
  return `'\\x${hex}'::bytea`
}

/** See src/stores/postgres/old-rows.ts, which reads it. */
function locksText({ plan, users, key, kind }: OldTables): string {
  const { coins, asset } = plan.mapping
  const kinds = coins === null ? [[asset, null]] : [...coins.byKind].map(([name, coin]) => [coin.asset, name])
  const [before, after] = aroundKey(plan.mapping)
  return JSON.stringify({ table: users.sql, key, kind, before, after, kinds })
}
