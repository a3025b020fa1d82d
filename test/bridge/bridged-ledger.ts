/** An old system and a ledger in one scratch database, and what tests ask of a bridge between them. */
import assert from 'node:assert/strict'
import type { BridgeStatus, InstallOptions, InstallReport } from '../../src/bridge/bridge.ts'
import { openBridge } from '../../src/bridge/open.ts'
import { HOUSE_DEFAULT, type BridgePlan } from '../../src/bridge/plan.ts'
import { MAPPING_DEFAULT } from '../../src/import/mapping.ts'
import { migrateLedger, type EmbeddedLedger } from '../../src/ledger.ts'
import { assertLaws } from '../support/audited-ledger.ts'
import type { OldDatabase, OldServer } from './old-server.ts'

export const PLAN: BridgePlan = {
  mapping: MAPPING_DEFAULT,
  versionColumn: 'version',
  house: HOUSE_DEFAULT,
  onFailure: 'refuse',
}

/** An old system with these users, in a database that has an empty ledger too. */
export async function oldSystem(
  server: OldServer,
  users: readonly (readonly [id: number, balance: number, frozen: number])[],
  tables: readonly string[] = server.dialect.tables,
): Promise<OldDatabase> {
  const database = await server.create()
  try {
    for (const sql of tables) await database.query(sql)
    if (users.length > 0) {
      const rows = users.map((row) => `(${row.join(', ')})`)
      await database.query(`INSERT INTO users (id, balance, frozen_balance) VALUES ${rows.join(', ')}`)
    }
    await migrateLedger(database.url())
    return database
  } catch (error) {
    await database[Symbol.asyncDispose]()
    throw error
  }
}

export async function install(
  database: OldDatabase,
  plan: BridgePlan = PLAN,
  options: Partial<InstallOptions> = {},
): Promise<InstallReport> {
  await using bridge = await openBridge(database.url(), plan)
  return await bridge.install({ batchUsers: 100, adopt: false, ...options }, () => undefined)
}

export async function status(database: OldDatabase): Promise<BridgeStatus> {
  await using bridge = await openBridge(database.url(), null)
  return await bridge.status()
}

/** Both books are exact, and agree. */
export async function assertExact(database: OldDatabase, ledger: EmbeddedLedger): Promise<void> {
  await using bridge = await openBridge(database.url(), null)
  const { differences } = await bridge.verify({ repair: false }, () => undefined)
  assert.deepEqual(differences, [])
  await assertLaws(ledger)
}

export async function available(ledger: EmbeddedLedger, account: string, asset = 'credit'): Promise<bigint> {
  const found = await ledger.account(account)
  return found.balances.find((balance) => balance.asset === asset)?.available ?? 0n
}

export async function rowOf(database: OldDatabase, user: number): Promise<readonly [number, number, number]> {
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
