/** A bridge on PostgreSQL. */
import type { SourceConnection } from '../import/connection.ts'
import { coinsOf } from '../import/mapping.ts'
import { faultOf } from '../stores/postgres/errors.ts'
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
import { planOf, type BridgePlan } from './plan.ts'
import { PostgresInstallation } from './postgres-install.ts'
import { functionName } from './postgres-posting.ts'
import { BRIDGE_TABLES, functions, gateLock, triggers } from './postgres-routines.ts'
import { PostgresSession } from './postgres-session.ts'
import {
  coinCases,
  inMinorUnits,
  literal,
  literals,
  oldTablesOf,
  openFreezesSql,
  quoted,
  type OldTables,
} from './postgres-tables.ts'
import { postgresVerified } from './postgres-verification.ts'
import { verifyBridge } from './verification.ts'

/** Accounts that a status names. */
const LOOSE_LISTED_MAX = 20

/** Opens a connection to the old tables, which are in the same database, to read the types of their columns. */
export type OpenSource = () => Promise<SourceConnection>

export class PostgresBridge implements Bridge {
  readonly #session: PostgresSession
  readonly #tables: OldTables

  private constructor(session: PostgresSession, tables: OldTables) {
    this.#session = session
    this.#tables = tables
  }

  /**
   * @param plan null: that of the bridge which is installed
   * @throws BridgeError when none is installed, MappingError, StoreUrlError, Fault
   */
  static async open(url: string, plan: BridgePlan | null, openSource: OpenSource): Promise<PostgresBridge> {
    const session = await PostgresSession.open(url)
    try {
      const known = plan ?? (await installedPlan(session))
      const source = await openSource()
      try {
        return new PostgresBridge(session, await oldTablesOf(known, source, session.ask))
      } finally {
        await source.close()
      }
    } catch (error) {
      await session[Symbol.asyncDispose]()
      throw error
    }
  }

  async install(options: InstallOptions, progress: InstallProgress): Promise<InstallReport> {
    const known = await new PostgresInstallation(this.#session, this.#tables, progress).run(options)
    return { ...known, status: await this.status() }
  }

  async status(): Promise<BridgeStatus> {
    const { ask } = this.#session
    const { ledger } = this.#tables
    const [side] = await ask(`SELECT state FROM ${ledger}.bridge WHERE side = 1`)
    const counts = await ask(`SELECT state, count(*) AS total FROM ${ledger}.bridge_accounts GROUP BY state`)
    const countOf = (state: string): number => Number(counts.find((row) => row['state'] === state)?.['total'] ?? 0)
    const loose = await ask(
      `SELECT account, asset, state, coalesce(reason, '') AS reason FROM ${ledger}.bridge_accounts
       WHERE state IN ('refused', 'broken') ORDER BY number LIMIT ${LOOSE_LISTED_MAX}`,
    )
    const [failures] = await ask(`SELECT count(*) AS total FROM ${ledger}.bridge_failures`)
    return {
      state: side!['state'] as BridgeState,
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
      hindrances: [],
    }
  }

  async verify(
    { repair }: { readonly repair: boolean },
    progress: (done: number, total: number) => void,
  ): Promise<VerifyReport> {
    return await verifyBridge(postgresVerified(this.#session, this.#tables), repair, progress)
  }

  async pause(): Promise<void> {
    await this.#change([1], 'open', 'paused')
  }

  async resume(): Promise<void> {
    await this.#change([1], 'paused', 'open')
  }

  async remove({ openHolds }: { readonly openHolds: OpenHolds }): Promise<RemoveReport> {
    const { ledger } = this.#tables
    const [side] = await this.#session.ask(`SELECT state FROM ${ledger}.bridge WHERE side = 1`)
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
    for (const [table, each] of Map.groupBy(triggers(this.#tables), ({ table }) => table.sql)) {
      const drops = each.map(({ name }) => `DROP TRIGGER IF EXISTS ${quoted(name)} ON ${table}`)
      await this.#session.change(table, 'ACCESS EXCLUSIVE', drops)
    }
    for (const name of functions(this.#tables).keys()) {
      await this.#session.insist(`DROP FUNCTION IF EXISTS ${functionName(this.#tables, name)}`)
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
      await this.#session.transaction([
        `SELECT pg_advisory_xact_lock(${gateLock(this.#tables, side)})`,
        `UPDATE ${ledger}.bridge SET state = ${literal(to)} WHERE side = ${side} ${condition}`,
      ])
      const [row] = await this.#session.ask(`SELECT state FROM ${ledger}.bridge WHERE side = ${side}`)
      if (row!['state'] !== to) throw new BridgeError(`The bridge is ${String(row!['state'])}.`)
    }
  }

  /** Open holds of bridged accounts, after they were dealt with. */
  async #endHolds(openHolds: OpenHolds): Promise<readonly Row[]> {
    const { ledger, freezes, plan, columns, key, kind } = this.#tables
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
    const { requestId, freezeUser, amount, status, freezeAsset } = columns
    const into = [requestId, freezeUser, amount, status, ...(freezeAsset === null ? [] : [freezeAsset])]
    const scaleOf = new Map(coinsOf(plan.mapping).map(({ asset, scale }) => [asset, scale]))
    // Literals without a type, which the columns give them, each statement a row: in a list of rows they would be texts.
    const rows = holds.map(({ id, old_key, old_kind, asset, held }) => {
      const coins = decimalText(BigInt(String(held)), scaleOf.get(String(asset))!)
      const values = [literal(String(id)), `${literal(String(old_key))}::${key.type}`, coins]
      values.push(literal(plan.mapping.openStatuses[0]!))
      if (kind !== null) values.push(`${literal(String(old_kind))}::${kind.type}`)
      return `INSERT INTO ${freezes.sql} (${into.map(({ name }) => quoted(name)).join(', ')}) VALUES (${values.join(', ')})`
    })
    await this.#session.transaction([`SELECT set_config('holdfast.side', 'ledger', true)`, ...rows])
    return holds
  }

  async #openFreezes(): Promise<BridgeStatus['openFreezes']> {
    const { freezes, columns } = this.#tables
    const { kind, isOpen } = openFreezesSql(this.#tables, 'f')
    const rows = await this.#session.ask(
      `SELECT * FROM (SELECT ${coinCases(this.#tables).byKind(kind, ({ asset }) => literal(asset))} AS asset, count(*) AS total,
         round(sum(${inMinorUnits(this.#tables, `f.${quoted(columns.amount.name)}`, kind)}))::text AS coins
       FROM ${freezes.sql} f WHERE ${isOpen} GROUP BY 1) o WHERE o.asset IS NOT NULL`,
    )
    return rows.map((row) => ({
      asset: String(row['asset']),
      count: Number(row['total']),
      coins: BigInt(String(row['coins'])),
    }))
  }

  async #missing(): Promise<readonly string[]> {
    const missing: string[] = []
    for (const { table, name } of triggers(this.#tables)) {
      const [found] = await this.#session.ask(
        `SELECT tgenabled IN ('O', 'A') AS fires FROM pg_trigger WHERE tgrelid = ${literal(table.sql)}::regclass AND tgname = ${literal(name)}`,
      )
      if (found?.['fires'] !== true) missing.push(`trigger ${name}`)
    }
    for (const name of functions(this.#tables).keys()) {
      const path = functionName(this.#tables, name)
      const [found] = await this.#session.ask(`SELECT to_regproc(${literal(path)}) IS NOT NULL AS is_there`)
      if (found?.['is_there'] !== true) missing.push(`function holdfast_bridge_${name}`)
    }
    return missing
  }
}

/** @throws BridgeError, Fault */
async function installedPlan(session: PostgresSession): Promise<BridgePlan> {
  const [table] = await session.ask(
    `SELECT count(*) AS total FROM pg_attribute WHERE attrelid = to_regclass('bridge') AND attname = 'plan'`,
  )
  if (Number(table!['total']) === 0) throw new BridgeError('No bridge is installed in this database.')
  const [row] = await session.ask('SELECT plan FROM bridge WHERE side = 1').catch((error: unknown) => {
    throw faultOf(error)
  })
  if (row === undefined) throw new BridgeError('No bridge is installed in this database.')
  return planOf(String(row['plan']))
}
