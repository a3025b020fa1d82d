/** Which server it is, and whether it keeps what it acknowledges. */
import { Fault } from '../../engine/faults.ts'
import { whole, type Row } from '../sql/rows.ts'

export type Flavour = 'mysql' | 'mariadb'

export interface ServerFacts {
  readonly flavour: Flavour
  /** As the server tells it. */
  readonly version: string
  /** The longest statement text that it takes, in bytes. */
  readonly packetBytesMax: number
  /** What the operator should know, as sentences. */
  readonly warnings: readonly string[]
}

/** Below MySQL 8.0.31 there is no EXCEPT, which the audit needs, and below 8.0.19 no VALUES ROW(…). */
const OLDEST: Readonly<Record<Flavour, readonly [number, number, number]>> = {
  mysql: [8, 0, 31],
  mariadb: [10, 6, 0],
}

export const SELECT_SERVER_FACTS = `SELECT VERSION() AS version, @@max_allowed_packet AS packet,
  @@innodb_flush_log_at_trx_commit AS flush_log, @@log_bin AS log_bin, @@sync_binlog AS sync_binlog,
  @@binlog_format AS binlog_format, @@innodb_doublewrite AS doublewrite, @@read_only AS read_only`

/** @throws Fault `store_unavailable` for a server that is too old */
export function serverFactsOf(row: Row): ServerFacts {
  const version = String(row['version'])
  const flavour: Flavour = /mariadb/i.test(version) ? 'mariadb' : 'mysql'
  requireVersion(flavour, version)
  return { flavour, version, packetBytesMax: whole(row['packet']), warnings: [...warningsOf(flavour, row)] }
}

function requireVersion(flavour: Flavour, version: string): void {
  const found = version.split(/[.-]/, 3).map(Number)
  const oldest = OLDEST[flavour]
  for (const [index, part] of oldest.entries()) {
    if (found[index] === part) continue
    if ((found[index] ?? 0) > part) return
    const needed = `${flavour === 'mysql' ? 'MySQL' : 'MariaDB'} ${oldest.join('.')}`
    throw new Fault('store_unavailable', `The server is version ${version}; Holdfast needs ${needed} or later.`)
  }
}

function* warningsOf(flavour: Flavour, row: Row): Iterable<string> {
  const flushLog = whole(row['flush_log'])
  // MariaDB's 3 flushes even more often than 1.
  if (flushLog !== 1 && !(flavour === 'mariadb' && flushLog === 3)) {
    yield `innodb_flush_log_at_trx_commit is ${flushLog}: a crash of the server or its machine can lose commits that were acknowledged. Set it to 1.`
  }
  // The binary log decides after a crash which prepared transactions are kept.
  if (isOn(row['log_bin']) && whole(row['sync_binlog']) !== 1) {
    yield `sync_binlog is ${whole(row['sync_binlog'])} while the binary log is on: a crash of the machine can lose commits that were acknowledged. Set it to 1.`
  }
  if (isOn(row['log_bin']) && row['binlog_format'] === 'STATEMENT') {
    yield 'binlog_format is STATEMENT, with which InnoDB refuses to write at READ COMMITTED. Set it to ROW.'
  }
  if (!isOn(row['doublewrite'])) {
    yield 'innodb_doublewrite is off: a crash while a page is being written can damage the database. Set it to ON.'
  }
  if (isOn(row['read_only'])) yield 'The server is read-only: nothing can be committed.'
}

/** Switches come as 0 and 1, or as words: DETECT_AND_RECOVER is on, too. */
function isOn(value: unknown): boolean {
  return !['0', 'OFF', 'FALSE', 'DETECT_ONLY'].includes(String(value).toUpperCase())
}
