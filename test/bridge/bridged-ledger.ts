/** An old system and a ledger in one scratch database of MySQL or MariaDB, and what tests ask of a bridge between them. */
import assert from 'node:assert/strict'
import type { BridgeStatus, InstallOptions, InstallReport } from '../../src/bridge/bridge.ts'
import { openBridge } from '../../src/bridge/open.ts'
import { HOUSE_DEFAULT, type BridgePlan } from '../../src/bridge/plan.ts'
import { MAPPING_DEFAULT } from '../../src/import/mapping.ts'
import { migrateLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { MysqlDatabase, type MysqlServer } from '../../harness/mysql-servers.ts'
import { assertLaws } from '../support/audited-ledger.ts'
import type { Connection } from 'mysql2/promise'
import { OLD_TABLES } from './old-code.ts'

export const PLAN: BridgePlan = {
  mapping: MAPPING_DEFAULT,
  versionColumn: 'version',
  house: HOUSE_DEFAULT,
  onFailure: 'refuse',
}

/** An old system with these users, in a database that has an empty ledger too. */
export async function oldSystem(
  { url }: MysqlServer,
  users: readonly (readonly [id: number, balance: number, frozen: number])[],
  tables: readonly string[] = OLD_TABLES,
): Promise<MysqlDatabase> {
  const database = await MysqlDatabase.create(url!)
  for (const sql of tables) await database.query(sql)
  if (users.length > 0) {
    const rows = users.map((row) => `(${row.join(', ')})`)
    await database.query(`INSERT INTO users (id, balance, frozen_balance) VALUES ${rows.join(', ')}`)
  }
  await migrateLedger(database.url())
  return database
}

export async function install(
  database: MysqlDatabase,
  plan: BridgePlan = PLAN,
  options: Partial<InstallOptions> = {},
): Promise<InstallReport> {
  await using bridge = await openBridge(database.url(), plan)
  return await bridge.install({ batchUsers: 100, adopt: false, ...options }, () => undefined)
}

export async function status(database: MysqlDatabase): Promise<BridgeStatus> {
  await using bridge = await openBridge(database.url(), null)
  return await bridge.status()
}

/** Both books are exact, and agree. */
export async function assertExact(database: MysqlDatabase, ledger: EmbeddedLedger): Promise<void> {
  await using bridge = await openBridge(database.url(), null)
  const { differences } = await bridge.verify({ repair: false }, () => undefined)
  assert.deepEqual(differences, [])
  await assertLaws(ledger)
}

export async function available(ledger: EmbeddedLedger, account: string, asset = 'credit'): Promise<bigint> {
  const found = await ledger.account(account)
  return found.balances.find((balance) => balance.asset === asset)?.available ?? 0n
}

export async function rowOf(database: MysqlDatabase, user: number): Promise<readonly [number, number, number]> {
  const [row] = await database.query(`SELECT balance, frozen_balance, version FROM users WHERE id = ${user}`)
  return [Number(row!['balance']), Number(row!['frozen_balance']), Number(row!['version'])]
}

/** The message of what it throws. */
export async function errorOf(promise: Promise<unknown>): Promise<string> {
  return await promise.then(
    () => 'no error',
    (error: unknown) => (error as Error).message,
  )
}

/** Another connection to the database; its transaction ends with the test, however the test ends. */
export async function rival(database: MysqlDatabase): Promise<Connection & AsyncDisposable> {
  const connection = await database.connect()
  return Object.assign(connection, { [Symbol.asyncDispose]: async () => connection.destroy() })
}
