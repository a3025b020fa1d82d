/** Settings of PostgreSQL that lose rows or time. */
import { SERVER_STATE } from '../../stores/postgres/standbys.ts'
import { codedWarningsOf, readSettings, type ServerSettings } from '../../stores/postgres/server.ts'
import type { StoreWarningCode } from '../../stores/warning.ts'
import type { FindingId } from '../catalogue.ts'
import type { Examination } from '../examination.ts'
import { finding, type Finding, type Severity } from '../finding.ts'
import { durationText } from '../sizes.ts'
import { textOf } from '../shown-values.ts'

/** By name: the values that new connections have by default, in the unit of the setting. */
export type MoreSettings = ReadonlyMap<string, string>

export interface PostgresSettings {
  readonly ofStore: ServerSettings
  readonly more: MoreSettings
}

const NAMES = [
  'archive_mode',
  'autovacuum',
  'block_size',
  'data_checksums',
  'deadlock_timeout',
  'default_transaction_isolation',
  'idle_in_transaction_session_timeout',
  'lock_timeout',
  'log_lock_waits',
  'log_timezone',
  'max_connections',
  'shared_buffers',
  'superuser_reserved_connections',
  'zero_damaged_pages',
]

export async function readPostgresSettings(examination: Examination): Promise<PostgresSettings | null> {
  const ofStore = await examination.attempt('settings', readSettings)
  const rows = await examination.rows({
    name: 'more settings',
    text: 'SELECT name, reset_val AS value FROM pg_settings WHERE name = ANY ($1)',
    values: [NAMES],
  })
  const states = await examination.rows({ name: 'whether it is the primary', text: `SELECT ${SERVER_STATE}` })
  if (ofStore === null || rows === null || states === null) return null
  // Each question has a transaction that may not write, on every server.
  const transaction_read_only = states[0]!['reads_only'] === true ? 'on' : 'off'
  return {
    ofStore: { ...ofStore, transaction_read_only },
    more: new Map(rows.map(({ name, value }) => [textOf(name), textOf(value)])),
  }
}

function setText(variable: string, value: string): string {
  return `ALTER SYSTEM SET ${variable} = ${value}; SELECT pg_reload_conf()`
}

function restartText(variable: string, value: string): string {
  return `ALTER SYSTEM SET ${variable} = ${value}, then restart the server`
}

interface Known {
  readonly id: FindingId
  readonly severity: Severity
  readonly setting: keyof ServerSettings | null
  readonly remedy: string
}

/** What the store warns of, see stores/postgres/server.ts. */
const WARNED: Partial<Readonly<Record<StoreWarningCode, Known>>> = {
  data_loss: { id: 'durability.setting', severity: 'risk', setting: 'fsync', remedy: setText('fsync', 'on') },
  full_page_writes: {
    id: 'durability.setting',
    severity: 'risk',
    setting: 'full_page_writes',
    remedy: setText('full_page_writes', 'on'),
  },
  synchronous_commit: {
    id: 'durability.setting',
    severity: 'advice',
    setting: 'synchronous_commit',
    remedy: `${setText('synchronous_commit', 'on')}. A value of the database or the user: ALTER DATABASE … RESET synchronous_commit`,
  },
  foreign_engine: {
    id: 'server.unsupported',
    severity: 'risk',
    setting: null,
    remedy: 'Use PostgreSQL 14 or later',
  },
  read_only: {
    id: 'server.read_only',
    severity: 'broken',
    setting: null,
    remedy:
      'Point the store URL at the primary. If this is the primary: ALTER SYSTEM RESET default_transaction_read_only; SELECT pg_reload_conf()',
  },
  standbys: {
    id: 'durability.replicas',
    severity: 'broken',
    setting: 'synchronous_standby_names',
    remedy:
      'Start the standbys again. To go on without them, at the risk of a failover that loses commits: ' +
      setText('synchronous_standby_names', "''"),
  },
  standbys_hidden: {
    id: 'durability.replicas',
    severity: 'advice',
    setting: null,
    remedy: 'GRANT pg_read_all_stats TO USER',
  },
}

interface Rule {
  readonly id: FindingId
  readonly variable: string
  readonly severity: Severity
  readonly isSound: (value: string) => boolean
  readonly remedy: string
  /** In place of the value as it is. */
  readonly shown?: (value: string) => string
}

const milliseconds = (value: string): string => (value === '0' ? '0 (no limit)' : durationText(Number(value)))
const DEADLOCK_MS_SOUND = 1_000

const RULES: readonly Rule[] = [
  {
    id: 'durability.point_in_time',
    variable: 'archive_mode',
    severity: 'advice',
    isSound: (value) => value !== 'off',
    remedy: restartText('archive_mode', 'on') + ', with an archive_command',
  },
  {
    id: 'durability.setting',
    variable: 'data_checksums',
    severity: 'advice',
    isSound: (value) => value === 'on',
    remedy: 'While the server is stopped: pg_checksums --enable',
  },
  {
    id: 'durability.setting',
    variable: 'zero_damaged_pages',
    severity: 'risk',
    isSound: (value) => value === 'off',
    remedy: setText('zero_damaged_pages', 'off'),
  },
  {
    id: 'setting.isolation',
    variable: 'default_transaction_isolation',
    severity: 'advice',
    isSound: (value) => value === 'read committed',
    remedy: setText('default_transaction_isolation', "'read committed'"),
  },
  {
    id: 'setting.lock_timeout',
    variable: 'lock_timeout',
    severity: 'advice',
    isSound: (value) => value !== '0',
    remedy: "For the other programs: ALTER ROLE NAME SET lock_timeout = '10s'",
    shown: milliseconds,
  },
  {
    id: 'setting.idle_transactions',
    variable: 'idle_in_transaction_session_timeout',
    severity: 'advice',
    isSound: (value) => value !== '0',
    remedy: setText('idle_in_transaction_session_timeout', "'60s'"),
    shown: milliseconds,
  },
  {
    id: 'setting.deadlock_timeout',
    variable: 'deadlock_timeout',
    severity: 'advice',
    isSound: (value) => Number(value) <= DEADLOCK_MS_SOUND,
    remedy: setText('deadlock_timeout', "'1s'"),
    shown: milliseconds,
  },
  {
    id: 'setting.deadlock_log',
    variable: 'log_lock_waits',
    severity: 'advice',
    isSound: (value) => value === 'on',
    remedy: setText('log_lock_waits', 'on'),
  },
  {
    id: 'setting.autovacuum',
    variable: 'autovacuum',
    severity: 'risk',
    isSound: (value) => value === 'on',
    remedy: setText('autovacuum', 'on'),
  },
  {
    id: 'setting.time_zone',
    variable: 'log_timezone',
    severity: 'advice',
    isSound: (value) => ['UTC', 'Etc/UTC', 'GMT', 'Etc/UCT', 'UCT'].includes(value),
    remedy: setText('log_timezone', "'UTC'"),
  },
]

export function judgePostgresSettings({ ofStore, more }: PostgresSettings): readonly Finding[] {
  const rules = RULES.flatMap((rule) => judgeRule(rule, more))
  return [...durabilityFindings(ofStore), ...rules]
}

/** PostgreSQL finds no row locks between rows: only SERIALIZABLE and REPEATABLE READ refuse what others have changed. */
const ISOLATION_WHY =
  'Holdfast sets its own; other programs get serialization failures (40001) above READ COMMITTED, and must repeat their transactions.'
const PAGES_WHY: Readonly<Record<string, string>> = {
  data_checksums: 'Without checksums the server returns damaged pages without noticing.',
  zero_damaged_pages: 'The server replaces damaged pages by empty ones: rows vanish without an error.',
}

function judgeRule(
  { id, variable, severity, isSound, remedy, shown = String }: Rule,
  more: MoreSettings,
): readonly Finding[] {
  const value = more.get(variable)
  if (value === undefined) return []
  const why = id === 'setting.isolation' ? ISOLATION_WHY : PAGES_WHY[variable]
  const facts = { subject: variable, value: `${variable} is ${shown(value)}`, ...(why === undefined ? {} : { why }) }
  return [isSound(value) ? finding(id, 'fine', facts) : finding(id, severity, { ...facts, remedy })]
}

function durabilityFindings(settings: ServerSettings): readonly Finding[] {
  const warnings = codedWarningsOf(settings)
  const warned = warnings.flatMap(({ code, message }) => {
    const known = WARNED[code]
    if (known === undefined) return []
    const { id, severity, setting, remedy } = known
    const value = setting === null ? message : `${setting} is ${settings[setting]}`
    // Without a setting, the sentence is what was found.
    const why = setting === null ? {} : { why: message }
    return [finding(id, severity, { subject: setting ?? code, value, ...why, remedy })]
  })
  const sound = Object.entries(WARNED).flatMap(([code, { id, setting }]) => {
    if (setting === null || warnings.some((warning) => warning.code === code)) return []
    const value = settings[setting]
    return [finding(id, 'fine', { subject: setting, value: `${setting} is ${value === '' ? 'empty' : value}` })]
  })
  return [...warned, ...sound]
}
