/**
 * The installation of a bridge on MySQL and MariaDB, while the old system serves. Each step can be stopped and run again:
 *
 *   tables ▶ links of all users ▶ routines and triggers ▶ links of users that came meanwhile ▶ old request ids ▶ users taken over
 */
import type { RunningNumbers } from '../domain/running-numbers.ts'
import { isRequestId, type RequestId } from '../domain/ids.ts'
import { coinsOf } from '../import/mapping.ts'
import { isDuplicate } from '../stores/mysql/errors.ts'
import { literal, literals } from '../stores/mysql/literals.ts'
import { newBalanceIds } from '../stores/sql/balance-ids.ts'
import { feedRow } from '../stores/sql/feed-row.ts'
import { requestIdText, requestKey } from '../stores/sql/request-key.ts'
import { BridgeError, type InstallOptions, type InstallProgress } from './bridge.ts'
import { aroundKey } from './coin-cases.ts'
import { KNOWN_MEMO } from './bridge-posting.ts'
import { NOW, routineName } from './mysql-posting.ts'
import { BRIDGE_TABLES, bridgeTable, routines, triggers } from './mysql-routines.ts'
import type { MysqlSession } from './mysql-session.ts'
import { swapIndexOf } from './mysql-swap-index.ts'
import { accountNamed, OldRow, quoted, textOf, type KeyColumn, type OldTables } from './mysql-tables.ts'
import { planText } from './plan.ts'

const PAGE_ROWS = 1_000
const REQUESTS_PER_PAGE = 500
/** How many of the old requests are listed that the ledger has as requests of its own. */
const TAKEN_LISTED_MAX = 100

export interface KnownRequests {
  readonly requestsKnown: number
  readonly requestsTaken: readonly string[]
}

export class MysqlInstallation {
  readonly #session: MysqlSession
  readonly #tables: OldTables
  readonly #progress: InstallProgress

  constructor(session: MysqlSession, tables: OldTables, progress: InstallProgress) {
    this.#session = session
    this.#tables = tables
    this.#progress = progress
  }

  async run({ batchUsers, adopt }: InstallOptions): Promise<KnownRequests> {
    await this.#check()
    const isBegun = await this.#makeTables()
    await this.#findUsers({ isServing: isBegun })
    const { ask, flavour } = this.#session
    for (const sql of routines(this.#tables, flavour).values()) {
      await this.#session.insist(sql.replace('CREATE PROCEDURE', 'CREATE PROCEDURE IF NOT EXISTS'))
    }
    for (const { sql } of triggers(this.#tables)) {
      await this.#session.change(sql.replace('CREATE TRIGGER', 'CREATE TRIGGER IF NOT EXISTS'))
    }
    await this.#findUsers({ isServing: true })
    const known = await this.#knowRequests()
    await this.#attach(batchUsers, adopt)
    await ask(`UPDATE ${this.#tables.ledger}.bridge SET state = 'done' WHERE side = 3`)
    return known
  }

  /** @throws BridgeError */
  async #check(): Promise<void> {
    const { ask } = this.#session
    const { plan, ledger, users, freezes } = this.#tables
    const [log] = await ask('SELECT @@GLOBAL.log_bin AS log, @@GLOBAL.binlog_format AS format')
    if (Number(log!['log']) === 1 && log!['format'] !== 'ROW') {
      const format = String(log!['format'])
      throw new BridgeError(`binlog_format is ${format}: a replica would post old writes a second time. Set it to ROW.`)
    }
    for (const { sql, schema, name } of [users, freezes]) {
      const [engine] = await ask(
        `SELECT ENGINE AS engine FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${literal(schema)} AND TABLE_NAME = ${literal(name)}`,
      )
      if (engine?.['engine'] !== 'InnoDB')
        throw new BridgeError(`${sql} has the engine ${String(engine?.['engine'])}; it must be InnoDB.`)
    }
    await this.#refuseSwapIndex()
    const codes = coinsOf(plan.mapping).map(({ asset }) => asset)
    const known = await ask(`SELECT code FROM ${ledger}.assets WHERE code IN (${literals(codes)})`)
    const unknown = codes.find((code) => !known.some((row) => row['code'] === code))
    if (unknown !== undefined) {
      throw new BridgeError(
        `The ledger has no asset ${unknown}. Declare it first: holdfast declare ${unknown} --decimals N.`,
      )
    }
  }

  /** @throws BridgeError */
  async #refuseSwapIndex(): Promise<void> {
    const hindrance = await swapIndexOf(this.#session, this.#tables)
    if (hindrance !== null) throw new BridgeError(hindrance)
  }

  /** Returns whether they were there. */
  async #makeTables(): Promise<boolean> {
    const { ask } = this.#session
    const { ledger, plan } = this.#tables
    for (const name of Object.keys(BRIDGE_TABLES)) await ask(bridgeTable(this.#tables, name))
    const text = planText(plan)
    const before = await ask(`SELECT side FROM ${ledger}.bridge`)
    await ask(
      `INSERT IGNORE INTO ${ledger}.bridge (side, state, locks, plan) VALUES
        (1, 'open', ${literal(locksText(this.#tables))}, ${literal(text)}), (2, 'open', NULL, NULL), (3, 'begun', NULL, NULL)`,
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
      `INSERT IGNORE INTO ${ledger}.house_accounts (account, declared_at) VALUES (${literal(plan.house)}, ${NOW})`,
    )
    return before.length > 0
  }

  /** A link for each old row. @param isServing one commit each: a link must not be locked while another one is waited for */
  async #findUsers({ isServing }: { readonly isServing: boolean }): Promise<void> {
    const { users, ledger, index, key, kind } = this.#tables
    const row = new OldRow(this.#tables, 'u')
    const order = [key, ...(kind === null ? [] : [kind])]
    let after: readonly string[] | null = null
    for (let done = 0; ;) {
      const page = await this.#session.ask(
        `SELECT p.* FROM (
           SELECT ${row.account} AS account, ${row.asset} AS asset, ${row.key} AS old_key, ${row.kind} AS old_kind,
             ${order.map(({ sql }, place) => `u.${sql} AS k${place}`).join(', ')}
           FROM ${users.sql} u FORCE INDEX (${index}) ${after === null ? '' : `WHERE ${isBeyond(order, after)}`}
           ORDER BY ${order.map(({ sql }) => `u.${sql}`).join(', ')} LIMIT ${PAGE_ROWS}
         ) p ORDER BY ${order.map((_, place) => `p.k${place}`).join(', ')}`,
      )
      if (page.length === 0) return
      const last = page.at(-1)!
      after = [String(last['old_key']), ...(kind === null ? [] : [String(last['old_kind'])])]
      const named = page.filter((each) => each['account'] !== null && each['asset'] !== null)
      const missing = await this.#withoutLink(named.map((each) => [String(each['account']), String(each['asset'])]))
      const values = named
        .filter((each) => missing.has(`${String(each['account'])} ${String(each['asset'])}`))
        .map(
          ({ account, asset, old_key, old_kind }) =>
            `(${literals([String(account), String(asset), String(old_key), String(old_kind)])}, 'pending')`,
        )
      const insert = (rows: readonly string[]): Promise<void> =>
        this.#session.insist(
          `INSERT IGNORE INTO ${ledger}.bridge_accounts (account, asset, old_key, old_kind, state) VALUES ${rows.join(', ')}`,
        )
      if (isServing) for (const value of values) await insert([value])
      else if (values.length > 0) await insert(values)
      done += page.length
      this.#progress('users found', done, null)
    }
  }

  async #withoutLink(names: readonly (readonly [string, string])[]): Promise<Set<string>> {
    const missing = new Set(names.map((name) => name.join(' ')))
    if (names.length === 0) return missing
    const found = await this.#session.ask(
      `SELECT account, asset FROM ${this.#tables.ledger}.bridge_accounts FORCE INDEX (PRIMARY)
       WHERE (account, asset) IN (${names.map((name) => `(${literals(name)})`).join(', ')})`,
    )
    for (const { account, asset } of found) missing.delete(`${String(account)} ${String(asset)}`)
    return missing
  }

  /** An entry for each old request that was there before the triggers. */
  async #knowRequests(): Promise<KnownRequests> {
    const { ledger, freezes, plan, isFreezeKeyWhole } = this.#tables
    const { freezes: columns } = plan.mapping
    const numbers = newBalanceIds()
    const [walk] = await this.#session.ask(`SELECT walked FROM ${ledger}.bridge WHERE side = 3`)
    let after = typeof walk?.['walked'] === 'string' ? walk['walked'] : null
    const taken: string[] = []
    for (let done = 0; ;) {
      const key = quoted(columns.key)
      const page = await this.#session.ask(
        `SELECT ${textOf(key)} AS k, ${textOf(quoted(columns.requestId))} AS id,
           ${accountNamed(plan, textOf(quoted(columns.user)))} AS account
         FROM ${freezes.sql} f ${after === null ? '' : `WHERE f.${key} > ${isFreezeKeyWhole ? after : literal(after)}`}
         ORDER BY f.${key} LIMIT ${REQUESTS_PER_PAGE}`,
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
    for (;;) {
      const keys = new Map([...asked.keys()].map((id) => [requestKey(id).hex, id]))
      const found =
        asked.size === 0
          ? []
          : await this.#session.ask(
              `SELECT LOWER(HEX(id)) AS hex, memo FROM ${ledger}.requests FORCE INDEX (requests_id)
               WHERE id IN (${[...asked.keys()].map((id) => literal(requestKey(id))).join(', ')})`,
            )
      const have = new Set(found.map(({ hex }) => keys.get(String(hex))!))
      const fresh = [...asked]
        .filter(([id]) => !have.has(id))
        .map(([id, account]) => ({ id, account, seq: numbers.next() }))
      const rows = fresh.map(
        ({ id, account, seq }) =>
          `(${literals([seq, requestKey(id), requestIdText(id), 'open'])}, ${NOW}, ${literals([0, KNOWN_MEMO, '[]', account])})`,
      )
      try {
        await this.#session.transaction([
          ...(rows.length === 0
            ? []
            : [
                `INSERT INTO ${ledger}.requests (seq, id, id_text, kind, at, fingerprint, memo, postings, payee) VALUES ${rows.join(', ')}`,
                `INSERT INTO ${ledger}.commits (entries) VALUES (${literal(feedRow(fresh.map(({ seq }) => ({ seq, isEnd: false }))).entries)})`,
              ]),
          `UPDATE ${ledger}.bridge SET walked = ${literal(walked)} WHERE side = 3`,
        ])
      } catch (error) {
        // A request came meanwhile, or a number was taken.
        if (!isDuplicate(error)) throw error
        numbers.leap()
        continue
      }
      return found.filter(({ memo }) => memo !== KNOWN_MEMO).map(({ hex }) => keys.get(String(hex))!)
    }
  }

  /** Takes over all pending users, in the order in which everybody locks them. */
  async #attach(batchUsers: number, adopt: boolean): Promise<void> {
    const { ledger, key } = this.#tables
    const [count] = await this.#session.ask(
      `SELECT COUNT(*) AS total FROM ${ledger}.bridge_accounts WHERE state IN ('pending', 'refused')`,
    )
    const total = Number(count!['total'])
    await this.#session.insist(`UPDATE ${ledger}.bridge_accounts SET state = 'pending' WHERE state = 'refused'`)
    const why = adopt ? 'adopt' : 'attach'
    const call = (row: Readonly<Record<string, unknown>>): string =>
      `CALL ${routineName(this.#tables, 'attach')}(${literals([String(row['account']), String(row['asset']), why])})`
    const typed = key.isWhole ? 'CAST(p.old_key AS DECIMAL(65, 0))' : 'p.old_key'
    for (let done = 0; ;) {
      const page = await this.#session.ask(
        `SELECT p.* FROM (
           SELECT account, asset, old_key, old_kind FROM ${ledger}.bridge_accounts WHERE state = 'pending' ORDER BY number LIMIT ${batchUsers}
         ) p ORDER BY ${typed}, p.old_kind`,
      )
      if (page.length === 0) return
      try {
        await this.#session.attempt(page.map(call))
      } catch (error) {
        if (!this.#session.isContended(error)) throw error
        // Somebody keeps one of the rows locked: the others must not wait with it.
        for (const row of page) await this.#session.transaction([call(row)])
      }
      done += page.length
      this.#progress('users taken over', done, Math.max(total, done))
    }
  }
}

/** Rows after this key, or of this key and after this kind. */
function isBeyond([key, kind]: readonly KeyColumn[], [last, lastKind]: readonly string[]): string {
  const value = (column: KeyColumn, text: string): string => (column.isWhole ? text : literal(text))
  const isAfter = `u.${key!.sql} > ${value(key!, last!)}`
  if (kind === undefined) return isAfter
  return `(${isAfter} OR (u.${key!.sql} = ${value(key!, last!)} AND u.${kind.sql} > ${value(kind, lastKind!)}))`
}

/** See src/stores/mysql/old-rows.ts, which reads it. */
function locksText({ plan, users, index, balance, key, kind }: OldTables): string {
  const { coins, asset } = plan.mapping
  const kinds = coins === null ? [[asset, null]] : [...coins.byKind].map(([name, coin]) => [coin.asset, name])
  const [before, after] = aroundKey(plan.mapping)
  const column = ({ sql, isWhole }: KeyColumn): object => ({ sql, isWhole })
  return JSON.stringify({
    table: users.sql,
    index,
    beside: balance,
    key: column(key),
    kind: kind === null ? null : column(kind),
    before,
    after,
    kinds,
  })
}
