/** Which server it is, and whether commits that it acknowledges are durable. */
import { Fault } from '../../engine/faults.ts'
import type { Row } from '../sql/values.ts'
import { asynchronousWarning } from '../host-warnings.ts'
import { messagesOf, type StoreWarning } from '../warning.ts'

export type Flavour = 'mysql' | 'mariadb'

export interface ServerVersion {
  readonly flavour: Flavour
  /** The version as the server reports it. */
  readonly version: string
}

export interface ServerFacts extends ServerVersion {
  /** The longest statement text that it accepts, in bytes. */
  readonly packetBytesMax: number
  /** As it was when the connection was made. */
  readonly isReadOnly: boolean
  /** A node of a Galera cluster. */
  readonly isCluster: boolean
  /** A member of a group of Group Replication. */
  readonly isGroup: boolean
  readonly semiSync: SemiSync
}

/**
 * Semi-synchronous replication: `off`; or a commit waits for a replica, and other sessions see its rows only `afterwards`, or
 * `before` it was acknowledged.
 */
export type SemiSync = 'off' | 'afterwards' | 'before'

/** Below MySQL 8.0.31 there is no EXCEPT, which the audit needs, and below 8.0.19 no VALUES ROW(…). */
const OLDEST: Readonly<Record<Flavour, readonly [number, number, number]>> = {
  mysql: [8, 0, 31],
  mariadb: [10, 6, 0],
}

/** Servers that speak MySQL's protocol and are neither of the two: their locks, isolation and errors differ. Each names itself in its version. */
const STRANGERS =
  /TiDB|Vitess|PlanetScale|OceanBase|SingleStore|MemSQL|Dolt|PolarDB-X|TDDL|StarRocks|Doris|MatrixOne|Databend|ClickHouse|Greptime|RisingWave|CrateDB|Neptune|CockroachDB|Yugabyte/i

export const SELECT_VERSION = 'SELECT VERSION() AS version, @@version_comment AS comment'

/** By name, because a server without a plugin does not have its variables. MariaDB and MySQL before 8.0.26 say `master`. */
const VARIABLES = [
  'max_allowed_packet',
  'innodb_flush_log_at_trx_commit',
  'log_bin',
  'sync_binlog',
  'binlog_format',
  'innodb_doublewrite',
  'read_only',
  'wsrep_on',
  'group_replication_group_name',
  'group_replication_consistency',
  'rpl_semi_sync_master_enabled',
  'rpl_semi_sync_source_enabled',
  'rpl_semi_sync_master_wait_point',
  'rpl_semi_sync_source_wait_point',
]
const STATES = [
  'Rpl_semi_sync_master_status',
  'Rpl_semi_sync_source_status',
  'Rpl_semi_sync_master_clients',
  'Rpl_semi_sync_source_clients',
]

export const SELECT_SETTINGS = `SHOW GLOBAL VARIABLES WHERE Variable_name IN ('${VARIABLES.join("','")}')`
/** Slow on the server, so not every connection asks. */
export const SELECT_STATE = `SHOW GLOBAL STATUS WHERE Variable_name IN ('${STATES.join("','")}')`

export type Settings = ReadonlyMap<string, string>

/** @throws Fault `store_misconfigured` for a server that is too old, or neither MySQL nor MariaDB */
export function versionOf(row: Row, { allowUnsupported }: { readonly allowUnsupported: boolean }): ServerVersion {
  const version = String(row['version'])
  const flavour: Flavour = /mariadb/i.test(version) ? 'mariadb' : 'mysql'
  if (allowUnsupported) return { flavour, version }
  const [stranger] = STRANGERS.exec(`${version} ${String(row['comment'])}`) ?? []
  if (stranger !== undefined) {
    const message = `The server is ${stranger} (${version}), on which Holdfast has never been tested: use MySQL, MariaDB or PostgreSQL. allowUnsupported=true in the store URL insists.`
    throw new Fault('store_misconfigured', message)
  }
  requireVersion(flavour, version)
  return { flavour, version }
}

/** @param rows of SELECT_SETTINGS */
export function serverFactsOf({ flavour, version }: ServerVersion, rows: readonly Row[]): ServerFacts {
  const settings = settingsOf(rows)
  return {
    flavour,
    version,
    packetBytesMax: Number(settings.get('max_allowed_packet')),
    isReadOnly: isOn(settings.get('read_only')),
    isCluster: isOn(settings.get('wsrep_on')),
    isGroup: isGroup(settings),
    semiSync: semiSyncOf(settings),
  }
}

/**
 * What the operator should know, as sentences.
 *
 * @param rows of SELECT_SETTINGS and SELECT_STATE
 */
export function serverWarningsOf(flavour: Flavour, rows: readonly Row[]): readonly string[] {
  return messagesOf(warningsOf(flavour, settingsOf(rows)))
}

/** By name in lower case. */
export function settingsOf(rows: readonly Row[]): Settings {
  return new Map(rows.map((row) => [String(row['Variable_name']).toLowerCase(), String(row['Value'])]))
}

function semiSyncOf(settings: Settings): SemiSync {
  if (!isOn(semiSync('enabled', settings))) return 'off'
  return semiSync('wait_point', settings) === 'AFTER_COMMIT' ? 'before' : 'afterwards'
}

/** A variable that has one of two names. */
function semiSync(name: string, settings: Settings): string | undefined {
  return settings.get(`rpl_semi_sync_source_${name}`) ?? settings.get(`rpl_semi_sync_master_${name}`)
}

function requireVersion(flavour: Flavour, version: string): void {
  const found = version.split(/[.-]/, 3).map(Number)
  const oldest = OLDEST[flavour]
  for (const [index, part] of oldest.entries()) {
    if (found[index] === part) continue
    if ((found[index] ?? 0) > part) return
    const needed = `${flavour === 'mysql' ? 'MySQL' : 'MariaDB'} ${oldest.join('.')}`
    throw new Fault('store_misconfigured', `The server is version ${version}; Holdfast needs ${needed} or later.`)
  }
}

/** @param settings with those of SELECT_SETTINGS and SELECT_STATE */
export function* warningsOf(flavour: Flavour, settings: Settings): Iterable<StoreWarning> {
  const flushLog = settings.get('innodb_flush_log_at_trx_commit')
  // MariaDB's 3 flushes even more often than 1.
  if (flushLog !== '1' && !(flavour === 'mariadb' && flushLog === '3')) {
    yield {
      code: 'flush_log',
      message: `innodb_flush_log_at_trx_commit is ${flushLog}: a crash of the server or its machine can lose commits that were acknowledged. Set it to 1.`,
    }
  }
  const hasBinaryLog = isOn(settings.get('log_bin'))
  // The binary log decides after a crash which prepared transactions are kept.
  if (hasBinaryLog && settings.get('sync_binlog') !== '1') {
    yield {
      code: 'sync_binlog',
      message: `sync_binlog is ${settings.get('sync_binlog')} while the binary log is on: a crash of the machine can lose commits that were acknowledged. Set it to 1.`,
    }
  }
  if (hasBinaryLog && settings.get('binlog_format') === 'STATEMENT') {
    yield {
      code: 'binlog_format',
      message: 'binlog_format is STATEMENT, with which InnoDB refuses to write at READ COMMITTED. Set it to ROW.',
    }
  }
  if (!isOn(settings.get('innodb_doublewrite'))) {
    yield {
      code: 'page_writes',
      message:
        'innodb_doublewrite is off: a crash while a page is being written can damage the database. Set it to ON.',
    }
  }
  if (isOn(settings.get('read_only')))
    yield { code: 'read_only', message: 'The server is read-only: nothing can be committed.' }
  yield* replicationWarnings(flavour, settings)
}

function* replicationWarnings(flavour: Flavour, settings: Settings): Iterable<StoreWarning> {
  if (semiSyncOf(settings) !== 'off' && !isOn(semiSync('status', settings))) {
    yield {
      code: 'semi_sync',
      message: `Semi-synchronous replication is enabled and has fallen back to asynchronous, with ${semiSync('clients', settings)} replicas that take part: a failover can lose commits that were acknowledged. Bring the replicas back.`,
    }
  }
  if (flavour === 'mysql' && isOn(settings.get('wsrep_on'))) {
    yield {
      code: 'galera',
      message:
        'The server is a node of a Galera cluster that is not MariaDB, where an abort of a commit can go unreported. Send all processes to one node.',
    }
  }
}

/** Of a store URL that names several servers. Between the nodes of Galera nothing has to be set. */
export function* clusterWarnings(settings: Settings): Iterable<StoreWarning> {
  if (isOn(settings.get('wsrep_on'))) return
  if (!isGroup(settings)) {
    if (semiSyncOf(settings) === 'off') yield asynchronousWarning('semi-synchronous replication is off')
    return
  }
  if (settings.get('group_replication_consistency') !== 'EVENTUAL') return
  yield {
    code: 'group_consistency',
    message:
      'group_replication_consistency is EVENTUAL: after a failover, the new primary can answer before it has all commits that were acknowledged. Set it to BEFORE_ON_PRIMARY_FAILOVER.',
  }
}

function isGroup(settings: Settings): boolean {
  return (settings.get('group_replication_group_name') ?? '') !== ''
}

/** Switches are 0 and 1, or words: DETECT_AND_RECOVER is on as well. A missing variable is off. */
export function isOn(value: string | undefined): boolean {
  return !['0', 'OFF', 'FALSE', 'DETECT_ONLY'].includes((value ?? 'OFF').toUpperCase())
}
