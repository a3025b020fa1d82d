/** Settings of MySQL and MariaDB that lose rows or time. */
import {
  isOn,
  SELECT_SETTINGS,
  SELECT_STATE,
  settingsOf,
  warningsOf,
  type Flavour,
  type Settings,
} from '../../stores/mysql/server.ts'
import type { Row } from '../../stores/sql/values.ts'
import type { StoreWarningCode } from '../../stores/warning.ts'
import type { FindingId } from '../catalogue.ts'
import type { Examination } from '../examination.ts'
import { finding, type Finding, type Severity } from '../finding.ts'

/** Besides those of the store. */
const VARIABLES = [
  'innodb_buffer_pool_size',
  'innodb_deadlock_detect',
  'innodb_lock_wait_timeout',
  'innodb_print_all_deadlocks',
  'innodb_rollback_on_timeout',
  'max_connections',
  'performance_schema',
  'sql_mode',
  'system_time_zone',
  'time_zone',
  'transaction_isolation',
  'tx_isolation',
]
const STATES = ['Innodb_deadlocks', 'Max_used_connections', 'Threads_connected']

/** All settings and states, by name in lower case; null when they were refused. */
export async function readMysqlSettings(examination: Examination): Promise<Settings | null> {
  const names = (all: readonly string[]): string => all.map((name) => `'${name}'`).join(', ')
  const answers: (readonly Row[] | null)[] = []
  for (const [name, text] of [
    ['settings', SELECT_SETTINGS],
    ['more settings', `SHOW GLOBAL VARIABLES WHERE Variable_name IN (${names(VARIABLES)})`],
    ['states', SELECT_STATE],
    ['more states', `SHOW GLOBAL STATUS WHERE Variable_name IN (${names(STATES)})`],
  ] as const) {
    answers.push(await examination.rows({ name, text }))
  }
  if (answers[0] === null) return null
  return settingsOf(answers.flatMap((rows) => rows ?? []))
}

/** Sets a variable, also beyond a restart of the server. */
export function setText(flavour: Flavour, variable: string, value: string): string {
  if (flavour === 'mysql') return `SET PERSIST ${variable} = ${value}`
  // SET GLOBAL ends with the server.
  return `SET GLOBAL ${variable} = ${value}, and the line ${variable} = ${value} under [mysqld] in the configuration`
}

function restartText(variable: string, value: string): string {
  return `The line ${variable} = ${value} under [mysqld] in the configuration, then restart the server`
}

interface Known {
  readonly id: FindingId
  readonly severity: Severity
  readonly variables: readonly string[]
  readonly remedy: (flavour: Flavour) => string
}

const durable = (variable: string, value: string): Known => ({
  id: 'durability.setting',
  severity: 'risk',
  variables: [variable],
  remedy: (flavour) => setText(flavour, variable, value),
})

/** What the store warns of, see stores/mysql/server.ts. */
const WARNED: Partial<Readonly<Record<StoreWarningCode, Known>>> = {
  flush_log: durable('innodb_flush_log_at_trx_commit', '1'),
  sync_binlog: durable('sync_binlog', '1'),
  page_writes: {
    ...durable('innodb_doublewrite', 'ON'),
    remedy: () => restartText('innodb_doublewrite', 'ON'),
  },
  binlog_format: { ...durable('binlog_format', 'ROW'), severity: 'broken' },
  read_only: {
    id: 'server.read_only',
    severity: 'broken',
    variables: ['read_only'],
    remedy: () => 'Point the store URL at the primary. If this is the primary: SET GLOBAL read_only = OFF',
  },
  semi_sync: {
    id: 'durability.replicas',
    severity: 'risk',
    variables: [],
    remedy: () => 'At each replica: SHOW REPLICA STATUS, mend what stopped it, then START REPLICA',
  },
  galera: {
    id: 'durability.replicas',
    severity: 'risk',
    variables: [],
    remedy: () => 'Send all processes to one node',
  },
}

/** They mean nothing without a binary log. */
const BINARY_LOG: ReadonlySet<string> = new Set<StoreWarningCode>(['sync_binlog', 'binlog_format'])

interface Rule {
  readonly id: FindingId
  readonly variable: string
  readonly severity: Severity
  readonly isSound: (value: string, settings: Settings) => boolean
  readonly remedy: (flavour: Flavour) => string
}

/** Longer than this, a wait of another program is no wait for a busy row. */
const LOCK_WAIT_SECONDS_SOUND = 10

const RULES: readonly Rule[] = [
  {
    id: 'durability.point_in_time',
    variable: 'log_bin',
    severity: 'advice',
    isSound: isOn,
    remedy: () => restartText('log_bin', 'binlog'),
  },
  {
    id: 'setting.isolation',
    variable: 'transaction_isolation',
    severity: 'advice',
    isSound: (value) => value === 'READ-COMMITTED',
    remedy: (flavour) => setText(flavour, 'transaction_isolation', "'READ-COMMITTED'"),
  },
  {
    id: 'setting.lock_timeout',
    variable: 'innodb_lock_wait_timeout',
    severity: 'advice',
    isSound: (value) => Number(value) <= LOCK_WAIT_SECONDS_SOUND,
    remedy: (flavour) => setText(flavour, 'innodb_lock_wait_timeout', '5'),
  },
  {
    id: 'setting.rollback_on_timeout',
    variable: 'innodb_rollback_on_timeout',
    severity: 'advice',
    isSound: isOn,
    remedy: () => `Other programs: ROLLBACK after error 1205. Or: ${restartText('innodb_rollback_on_timeout', 'ON')}`,
  },
  {
    id: 'setting.deadlock_detect',
    variable: 'innodb_deadlock_detect',
    severity: 'risk',
    isSound: isOn,
    remedy: (flavour) => setText(flavour, 'innodb_deadlock_detect', 'ON'),
  },
  {
    id: 'setting.deadlock_log',
    variable: 'innodb_print_all_deadlocks',
    severity: 'advice',
    isSound: isOn,
    remedy: (flavour) => setText(flavour, 'innodb_print_all_deadlocks', 'ON'),
  },
  {
    id: 'setting.instruments',
    variable: 'performance_schema',
    severity: 'advice',
    isSound: isOn,
    remedy: (flavour) =>
      flavour === 'mysql'
        ? restartText('performance_schema', 'ON')
        : 'The lines performance_schema = ON and performance_schema_consumer_events_statements_current = ON under [mysqld] in the configuration, then restart the server',
  },
  {
    id: 'setting.sql_mode',
    variable: 'sql_mode',
    severity: 'advice',
    isSound: (value) => /STRICT_(?:ALL|TRANS)_TABLES/.test(value),
    remedy: (flavour) => setText(flavour, 'sql_mode', "CONCAT(@@GLOBAL.sql_mode, ',STRICT_TRANS_TABLES')"),
  },
  {
    id: 'setting.time_zone',
    variable: 'time_zone',
    severity: 'advice',
    isSound: (value, settings) =>
      ['UTC', '+00:00'].includes(value) || (value === 'SYSTEM' && settings.get('system_time_zone') === 'UTC'),
    remedy: (flavour) => setText(flavour, 'time_zone', "'+00:00'"),
  },
]

/** MariaDB before 11.1 has another name for it. */
const OLD_NAMES: Readonly<Record<string, string>> = { transaction_isolation: 'tx_isolation' }

export function judgeMysqlSettings(flavour: Flavour, settings: Settings): readonly Finding[] {
  return [...durabilityFindings(flavour, settings), ...RULES.flatMap((rule) => judgeRule(rule, flavour, settings))]
}

function durabilityFindings(flavour: Flavour, settings: Settings): readonly Finding[] {
  const warnings = [...warningsOf(flavour, settings)]
  const warned = warnings.flatMap(({ code, message }) => {
    const known = WARNED[code]
    if (known === undefined) return []
    const { id, severity, variables, remedy } = known
    const [variable = null] = variables
    const value = variable === null ? message : `${variable} is ${settings.get(variable)}`
    // Without a variable, the sentence is what was found.
    const why = variable === null ? {} : { why: message }
    return [finding(id, severity, { subject: variable ?? code, value, ...why, remedy: remedy(flavour) })]
  })
  const sound = Object.entries(WARNED).flatMap(([code, { id, variables }]) => {
    const [variable] = variables
    const value = variable === undefined ? undefined : settings.get(variable)
    if (BINARY_LOG.has(code) && !isOn(settings.get('log_bin'))) return []
    if (variable === undefined || value === undefined || warnings.some((warning) => warning.code === code)) return []
    return [finding(id, 'fine', { subject: variable, value: `${variable} is ${value}` })]
  })
  return [...warned, ...sound]
}

function judgeRule(
  { id, variable, severity, isSound, remedy }: Rule,
  flavour: Flavour,
  settings: Settings,
): readonly Finding[] {
  const name = settings.has(variable) ? variable : (OLD_NAMES[variable] ?? variable)
  const value = settings.get(name)
  if (value === undefined) return []
  const shown = { subject: variable, value: `${name} is ${value === '' ? 'empty' : value}` }
  if (isSound(value, settings)) return [finding(id, 'fine', shown)]
  const text = remedy(flavour).replaceAll(variable, name)
  return [finding(id, severity, { ...shown, remedy: text })]
}
