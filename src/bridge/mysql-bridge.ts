/** A bridge on MySQL and MariaDB. */
import type { SourceConnection } from '../import/connection.ts'
import { coinsOf } from '../import/mapping.ts'
import { literal, literals } from '../stores/mysql/literals.ts'
import type { Row } from '../stores/sql/values.ts'
import {
  BridgeError,
  type Bridge,
  type BridgeState,
  type BridgeStatus,
  type InstallOptions,
  type InstallProgress,
  type InstallReport,
  type OpenHolds,
  type RemoveReport,
  type VerifyReport,
} from './bridge.ts'
import { decimalText } from './coin-cases.ts'
import { MysqlInstallation } from './mysql-install.ts'
import { routineName } from './mysql-posting.ts'
import { BRIDGE_TABLES, routines, triggers } from './mysql-routines.ts'
import { MysqlSession } from './mysql-session.ts'
import { byKind, oldTablesOf, quoted, textOf, type OldTables } from './mysql-tables.ts'
import { swapIndexOf } from './mysql-swap-index.ts'
import { mysqlVerified } from './mysql-verification.ts'
import { verifyBridge } from './verification.ts'
import { planOf, type BridgePlan } from './plan.ts'

/** Accounts that a status names. */
const LOOSE_LISTED_MAX = 20

/** Opens a connection to the old tables, which are in the same server, to read the types of their columns. */
export type OpenSource = () => Promise<SourceConnection>

export class MysqlBridge implements Bridge {
  readonly #session: MysqlSession
  readonly #tables: OldTables

  private constructor(session: MysqlSession, tables: OldTables) {
    this.#session = session
    this.#tables = tables
  }

  /**
   * @param plan null: that of the bridge which is installed
   * @throws BridgeError when none is installed, MappingError, StoreUrlError, Fault
   */
  static async open(url: string, plan: BridgePlan | null, openSource: OpenSource): Promise<MysqlBridge> {
    const session = await MysqlSession.open(url)
    try {
      const known = plan ?? (await installedPlan(session))
      const source = await openSource()
      try {
        return new MysqlBridge(session, await oldTablesOf(known, source, session.ask))
      } finally {
        await source.close()
      }
    } catch (error) {
      await session[Symbol.asyncDispose]()
      throw error
    }
  }

  async install(options: InstallOptions, progress: InstallProgress): Promise<InstallReport> {
    const known = await new MysqlInstallation(this.#session, this.#tables, progress).run(options)
    return { ...known, status: await this.status() }
  }

  async status(): Promise<BridgeStatus> {
    const { ask } = this.#session
    const { ledger } = this.#tables
    const [sides] = await ask(`SELECT MAX(CASE WHEN side = 1 THEN state END) AS state FROM ${ledger}.bridge`)
    const counts = await ask(`SELECT state, COUNT(*) AS total FROM ${ledger}.bridge_accounts GROUP BY state`)
    const countOf = (state: string): number => Number(counts.find((row) => row['state'] === state)?.['total'] ?? 0)
    const loose = await ask(
      `SELECT account, asset, state, COALESCE(reason, '') AS reason FROM ${ledger}.bridge_accounts
       WHERE state IN ('refused', 'broken') ORDER BY number LIMIT ${LOOSE_LISTED_MAX}`,
    )
    const [failures] = await ask(`SELECT COUNT(*) AS total FROM ${ledger}.bridge_failures`)
    return {
      state: sides!['state'] as BridgeState,
      accounts: {
        pending: countOf('pending'),
        attached: countOf('attached'),
        refused: countOf('refused'),
        broken: countOf('broken'),
      },
      loose: loose.map((row) => ({
        account: String(row['account']),
        asset: String(row['asset']),
        state: row['state'] as 'refused' | 'broken',
        reason: String(row['reason']),
      })),
      failuresCount: Number(failures!['total']),
      openFreezes: await this.#openFreezes(),
      missing: await this.#missing(),
      hindrances: [await swapIndexOf(this.#session, this.#tables)].filter((hindrance) => hindrance !== null),
    }
  }

  async verify(
    { repair }: { readonly repair: boolean },
    progress: (done: number, total: number) => void,
  ): Promise<VerifyReport> {
    return await verifyBridge(mysqlVerified(this.#session, this.#tables), repair, progress)
  }

  async pause(): Promise<void> {
    await this.#change([1], 'open', 'paused')
  }

  async resume(): Promise<void> {
    await this.#change([1], 'paused', 'open')
  }

  async remove({ openHolds }: { readonly openHolds: OpenHolds }): Promise<RemoveReport> {
    const { ask } = this.#session
    const { ledger } = this.#tables
    const [side] = await ask(`SELECT state FROM ${ledger}.bridge WHERE side = 1`)
    const before = side!['state'] as BridgeState
    await this.#change([1, 2], null, 'closing')
    let holds: readonly Row[]
    try {
      holds = await this.#endHolds(openHolds)
    } catch (error) {
      if (before !== 'closing') {
        await this.#change([1], null, before)
        await this.#change([2], null, 'open')
      }
      throw error
    }
    // The old side first: it is authoritative from here on.
    for (const { schema, name } of triggers(this.#tables)) {
      await this.#session.change(`DROP TRIGGER IF EXISTS ${quoted(schema)}.${quoted(name)}`)
    }
    for (const name of routines(this.#tables, this.#session.flavour).keys()) {
      await this.#session.insist(`DROP PROCEDURE IF EXISTS ${routineName(this.#tables, name)}`)
    }
    // The table that says that there is a bridge is the last one, so that a removal that was stopped can go on.
    for (const name of Object.keys(BRIDGE_TABLES).toReversed())
      await this.#session.insist(`DROP TABLE IF EXISTS ${ledger}.${name}`)
    return { holdsCount: holds.length }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#session[Symbol.asyncDispose]()
  }

  /** Waits for the writes of these sides that are under way, while later ones are refused. */
  async #change(sides: readonly number[], from: BridgeState | null, to: BridgeState): Promise<void> {
    const { ledger } = this.#tables
    const condition = from === null ? '' : `AND state IN (${literals([from, to])})`
    for (const side of sides) {
      await this.#session.insist(`UPDATE ${ledger}.bridge SET state = ${literal(to)} WHERE side = ${side} ${condition}`)
      const [row] = await this.#session.ask(`SELECT state FROM ${ledger}.bridge WHERE side = ${side}`)
      if (row!['state'] !== to) throw new BridgeError(`The bridge is ${String(row!['state'])}.`)
    }
  }

  /** Open holds of bridged accounts, after they were dealt with. */
  async #endHolds(openHolds: OpenHolds): Promise<readonly Row[]> {
    const { ledger, freezes, plan } = this.#tables
    const { freezes: columns, coins } = plan.mapping
    const holds = await this.#session.ask(
      `SELECT h.id, a.old_key, a.old_kind, a.asset, h.held FROM ${ledger}.holds h
       JOIN ${ledger}.bridge_accounts a ON a.account = h.account AND a.asset = h.asset
       WHERE h.state = 'open' AND a.state IN ('attached', 'broken')`,
    )
    if (holds.length === 0 || openHolds === 'leave') return holds
    if (openHolds === 'refuse') {
      throw new BridgeError(
        `${holds.length} holds of bridged accounts are open, and the old system does not know them. Wait until they end; or --hand-over writes them to its log of freezes; or --leave-holds.`,
      )
    }
    const into = [
      columns.requestId,
      columns.user,
      columns.amount,
      columns.status,
      ...(coins === null ? [] : [coins.freezeColumn]),
    ]
    const scaleOf = new Map(coinsOf(plan.mapping).map(({ asset, scale }) => [asset, scale]))
    const rows = holds.map(({ id, old_key, old_kind, asset, held }) => {
      const amount = decimalText(BigInt(String(held)), scaleOf.get(String(asset))!)
      const values = [String(id), String(old_key), amount, plan.mapping.openStatuses[0]!]
      return `(${literals([...values, ...(coins === null ? [] : [String(old_kind)])])})`
    })
    await this.#session.transaction([
      `SET @holdfast_side = 'ledger'`,
      `INSERT INTO ${freezes.sql} (${into.map(quoted).join(', ')}) VALUES ${rows.join(', ')}`,
      'SET @holdfast_side = NULL',
    ])
    return holds
  }

  async #openFreezes(): Promise<BridgeStatus['openFreezes']> {
    const { freezes, plan } = this.#tables
    const { mapping } = plan
    const kind = mapping.coins === null ? `''` : textOf(`f.${quoted(mapping.coins.freezeColumn)}`)
    const units = byKind(this.#tables, kind, ({ scale }) => String(10n ** BigInt(scale)))
    const rows = await this.#session.ask(
      `SELECT ${byKind(this.#tables, kind, ({ asset }) => literal(asset))} AS asset, COUNT(*) AS total,
         CAST(SUM(CAST(f.${quoted(mapping.freezes.amount)} AS DECIMAL(47, 18)) * ${units}) AS DECIMAL(65, 0)) AS coins
       FROM ${freezes.sql} f WHERE ${textOf(`f.${quoted(mapping.freezes.status)}`)} IN (${literals(mapping.openStatuses)})
       GROUP BY 1 HAVING asset IS NOT NULL`,
    )
    return rows.map((row) => ({
      asset: String(row['asset']),
      count: Number(row['total']),
      coins: BigInt(String(row['coins'])),
    }))
  }

  async #missing(): Promise<readonly string[]> {
    const { ask, flavour } = this.#session
    const wanted = triggers(this.#tables)
    const found = await ask(
      `SELECT TRIGGER_SCHEMA AS trigger_schema, TRIGGER_NAME AS name FROM information_schema.TRIGGERS WHERE TRIGGER_NAME LIKE 'holdfast\\_bridge\\_%'`,
    )
    const made = await ask(
      `SELECT ROUTINE_NAME AS name FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = DATABASE() AND ROUTINE_NAME LIKE 'holdfast\\_bridge\\_%'`,
    )
    const names = [...routines(this.#tables, flavour).keys()].map((name) => `holdfast_bridge_${name}`)
    return [
      ...wanted
        .filter(({ schema, name }) => !found.some((row) => row['trigger_schema'] === schema && row['name'] === name))
        .map(({ name }) => `trigger ${name}`),
      ...names.filter((name) => !made.some((row) => row['name'] === name)).map((name) => `procedure ${name}`),
    ]
  }
}

/** @throws BridgeError */
async function installedPlan(session: MysqlSession): Promise<BridgePlan> {
  const [table] = await session.ask(
    `SELECT COUNT(*) AS total FROM information_schema.TABLES WHERE TABLE_SCHEMA = DATABASE() AND TABLE_NAME = 'bridge'`,
  )
  const [row] = Number(table!['total']) === 0 ? [] : await session.ask('SELECT plan FROM bridge WHERE side = 1')
  if (row === undefined) throw new BridgeError('No bridge is installed in this database.')
  return planOf(String(row['plan']))
}
