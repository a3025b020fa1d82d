/**
 * The settings: each has a flag, an environment variable, a default and a meaning. A flag takes precedence over the variable, the variable
 * over the config file, and the file over the default. The help texts and docs/reference/cli.md are generated from this table.
 */
import { HOUSE_STRIPES } from './domain/house-stripes.ts'
import { ENGINE_LIMITS, REPLICA_LIMITS } from './engine/limits.ts'
import { configFileOf, givenFor, type Environment, type GivenFlags, type Sources } from './setting-sources.ts'
import { addresses, hosts, oneOf, orWord, origins, share, text, trueOrFalse, wholeNumber } from './setting-values.ts'
import { nameOf, SettingError, type Setting } from './setting.ts'

export { SettingError, type Setting }
export { CONFIG_VARIABLE } from './setting-sources.ts'

/** 1,000 years. With more, the expiry of a hold would exceed the largest instant. */
const LIFE_MS_MAX = 31_557_600_000_000

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const

export const SETTINGS = {
  store: {
    flag: '--store <url>',
    variable: 'HOLDFAST_STORE',
    meaning: 'the database, such as sqlite:FILE; memory: is lost when the process ends',
    fallback: 'sqlite:./data/holdfast.db',
    isSecret: true,
    read: text,
  },
  readOnly: {
    flag: '--read-only',
    variable: 'HOLDFAST_READ_ONLY',
    meaning:
      'serve reads only, and change nothing in the database: for a replica, or a copy; commands are refused with read_only; true or false',
    fallback: 'false',
    read: trueOrFalse,
  },
  readStore: {
    flag: '--read-store <url>',
    variable: 'HOLDFAST_READ_STORE',
    meaning:
      'a replica of the database, from which statements, exports and lists are read while it is not too far behind; none: from the database itself',
    fallback: 'none',
    isSecret: true,
    read: orWord('none', text),
  },
  replicaLagMsMax: {
    flag: '--replica-lag-ms-max <ms>',
    variable: 'HOLDFAST_REPLICA_LAG_MS_MAX',
    meaning:
      'how far the replica of --read-only or --read-store may be behind; beyond that, or when it cannot say, /readyz says no, or the database is read instead; none: no bound',
    fallback: String(REPLICA_LIMITS.lagMsMax),
    read: orWord('none', wholeNumber(0, 86_400_000)),
  },
  url: {
    flag: '--url <url>',
    variable: 'HOLDFAST_URL',
    meaning: 'a service to use instead of a database, such as http://127.0.0.1:4680',
    fallback: '',
    read: text,
  },
  key: {
    flag: '--key <key>',
    variable: 'HOLDFAST_KEY',
    isSecret: true,
    meaning:
      'the key for the service at --url; better in the variable, because other users of a machine can see arguments',
    fallback: '',
    read: text,
  },
  host: {
    flag: '--host <address>',
    variable: 'HOLDFAST_HOST',
    meaning: 'the address to listen on; another one than loopback needs keys ("holdfast keys create"), or --insecure',
    fallback: '127.0.0.1',
    read: text,
  },
  insecure: {
    flag: '--insecure',
    variable: 'HOLDFAST_INSECURE',
    meaning:
      'listen on another address than loopback without keys: whoever reaches the port can make and move coins; true or false',
    fallback: 'false',
    read: trueOrFalse,
  },
  port: {
    flag: '--port <number>',
    variable: 'HOLDFAST_PORT',
    meaning: 'the port to listen on; 0 for a free one',
    fallback: '4680',
    read: wholeNumber(0, 65_535),
  },
  healthPort: {
    flag: '--health-port <number>',
    variable: 'HOLDFAST_HEALTH_PORT',
    meaning:
      'a second port, of a thread of its own, for /livez, /healthz and /readyz only: it answers however busy the service is; 0 for a free one',
    fallback: 'none',
    read: orWord('none', wholeNumber(0, 65_535)),
  },
  warmUpMs: {
    flag: '--warm-up-ms <ms>',
    variable: 'HOLDFAST_WARM_UP_MS',
    meaning:
      'the longest time that the service exercises its code at the start, on a ledger in memory; /readyz says no until then; 0 for none',
    fallback: '2000',
    read: wholeNumber(0, 60_000),
  },
  allowedHosts: {
    flag: '--allowed-hosts <list>',
    variable: 'HOLDFAST_ALLOWED_HOSTS',
    meaning:
      'names by which the service may be called, separated by commas, such as ledger.internal; addresses and localhost always; * for all',
    fallback: '',
    read: hosts,
  },
  corsOrigins: {
    flag: '--cors-origins <list>',
    variable: 'HOLDFAST_CORS_ORIGINS',
    meaning:
      'origins whose web pages may call the service, separated by commas, such as https://app.example.org; * for all; they can move coins',
    fallback: '',
    read: origins,
  },
  trustedProxies: {
    flag: '--trusted-proxies <list>',
    variable: 'HOLDFAST_TRUSTED_PROXIES',
    meaning:
      'addresses of the proxies in front of the service, separated by commas, such as 10.0.0.0/8; X-Forwarded-For of these says who is calling',
    fallback: '',
    read: addresses,
  },
  metricsPort: {
    flag: '--metrics-port <number>',
    variable: 'HOLDFAST_METRICS_PORT',
    meaning:
      'a port for /metrics alone, at the same address; 0 for a free one; none: they are at the port of the service',
    fallback: 'none',
    read: orWord('none', wholeNumber(0, 65_535)),
  },
  logLevel: {
    flag: '--log-level <level>',
    variable: 'HOLDFAST_LOG_LEVEL',
    meaning: `the lowest level that is logged, as JSON lines on stderr: ${LOG_LEVELS.join(', ')}`,
    fallback: 'info',
    read: oneOf(LOG_LEVELS),
  },
  logRequests: {
    flag: '--log-requests',
    variable: 'HOLDFAST_LOG_REQUESTS',
    meaning: 'log one line per request, at level info; true or false',
    fallback: 'false',
    read: trueOrFalse,
  },
  logCommands: {
    flag: '--log-commands <share>',
    variable: 'HOLDFAST_LOG_COMMANDS',
    meaning:
      'log one line per command, at level info, with names and amounts: none, all, or a share of the request ids such as 0.01',
    fallback: 'none',
    read: share,
  },
  traceDetails: {
    flag: '--trace-details',
    variable: 'HOLDFAST_TRACE_DETAILS',
    meaning: 'spans of traces have the account, the amount and the ids of their command too; true or false',
    fallback: 'false',
    read: trueOrFalse,
  },
  shutdownMs: {
    flag: '--shutdown-ms <ms>',
    variable: 'HOLDFAST_SHUTDOWN_MS',
    meaning: 'after SIGTERM or SIGINT, the process ends within this time, even if requests are in progress',
    fallback: '10000',
    read: wholeNumber(100, 600_000),
  },
  bodyBytesMax: {
    flag: '--body-bytes-max <bytes>',
    variable: 'HOLDFAST_BODY_BYTES_MAX',
    meaning: 'the largest request body',
    fallback: '1048576',
    read: wholeNumber(1_024, 1_073_741_824),
  },
  requestsInFlightMax: {
    flag: '--requests-in-flight-max <count>',
    variable: 'HOLDFAST_REQUESTS_IN_FLIGHT_MAX',
    meaning: 'concurrent requests; further ones get 503 overloaded before their body is read',
    fallback: '2000',
    read: wholeNumber(1, 1_000_000),
  },
  queueCommandsMax: {
    flag: '--queue-commands-max <count>',
    variable: 'HOLDFAST_QUEUE_COMMANDS_MAX',
    meaning: 'commands that can wait for a batch; further ones get 503 overloaded',
    fallback: String(ENGINE_LIMITS.queueCommandsMax),
    read: wholeNumber(1, 10_000_000),
  },
  batchCommandsMax: {
    flag: '--batch-commands-max <count>',
    variable: 'HOLDFAST_BATCH_COMMANDS_MAX',
    meaning: 'the largest number of commands in one transaction',
    fallback: String(ENGINE_LIMITS.batchCommandsMax),
    read: wholeNumber(1, 10_000),
  },
  accountCommandsPerSecondMax: {
    flag: '--account-commands-per-second-max <count>',
    variable: 'HOLDFAST_ACCOUNT_COMMANDS_PER_SECOND_MAX',
    meaning:
      'commands a second by which one account can spend (freezes, charges, transfers); further ones get 429 rate_limited; 0 for no limit',
    fallback: String(ENGINE_LIMITS.accountCommandsPerSecondMax),
    read: wholeNumber(0, 1_000_000),
  },
  accountBurstMax: {
    flag: '--account-burst-max <count>',
    variable: 'HOLDFAST_ACCOUNT_BURST_MAX',
    meaning: 'such commands of an account at once, when it was quiet before',
    fallback: String(ENGINE_LIMITS.accountBurstMax),
    read: wholeNumber(1, 1_000_000),
  },
  accountHoldsMax: {
    flag: '--account-holds-max <count>',
    variable: 'HOLDFAST_ACCOUNT_HOLDS_MAX',
    meaning: 'holds of an account that can be open at once; a further freeze gets 429 rate_limited; 0 for no limit',
    fallback: String(ENGINE_LIMITS.accountHoldsMax),
    read: wholeNumber(0, 100_000),
  },
  callerCommandsPerSecondMax: {
    flag: '--caller-commands-per-second-max <count>',
    variable: 'HOLDFAST_CALLER_COMMANDS_PER_SECOND_MAX',
    meaning: 'reads and commands a second of one caller; further ones get 429 rate_limited; 0 for no limit',
    fallback: '0',
    read: wholeNumber(0, 1_000_000),
  },
  callerBurstMax: {
    flag: '--caller-burst-max <count>',
    variable: 'HOLDFAST_CALLER_BURST_MAX',
    meaning: 'reads and commands of a caller at once, when it was quiet before',
    fallback: '1000',
    read: wholeNumber(1, 1_000_000),
  },
  callTimeoutMs: {
    flag: '--call-timeout-ms <ms>',
    variable: 'HOLDFAST_CALL_TIMEOUT_MS',
    meaning: 'time limit of a command; after that it gets 504 deadline_exceeded',
    fallback: String(ENGINE_LIMITS.callTimeoutMsDefault),
    read: wholeNumber(1, 3_600_000),
  },
  breakerFailures: {
    flag: '--breaker-failures <count>',
    variable: 'HOLDFAST_BREAKER_FAILURES',
    meaning:
      'failures of the database in a row after which it is not called for a while; deadlocks and lock timeouts do not count',
    fallback: String(ENGINE_LIMITS.breakerFailures),
    read: wholeNumber(1, 1_000_000),
  },
  breakerOpenMs: {
    flag: '--breaker-open-ms <ms>',
    variable: 'HOLDFAST_BREAKER_OPEN_MS',
    meaning: 'how long it is then not called before one call tries it again',
    fallback: String(ENGINE_LIMITS.breakerOpenMs),
    read: wholeNumber(1, 3_600_000),
  },
  doubtMsMax: {
    flag: '--doubt-ms-max <ms>',
    variable: 'HOLDFAST_DOUBT_MS_MAX',
    meaning:
      'how long the outcome of a commit is looked for whose connection was lost; after that its callers get commit_in_doubt; longer than a failover takes',
    fallback: String(ENGINE_LIMITS.doubtMsMax),
    read: wholeNumber(0, 3_600_000),
  },
  holdTtlMsDefault: {
    flag: '--hold-ttl-ms-default <ms>',
    variable: 'HOLDFAST_HOLD_TTL_MS_DEFAULT',
    meaning: 'default lifetime of a hold',
    fallback: String(ENGINE_LIMITS.holdTtlMsDefault),
    read: wholeNumber(1, LIFE_MS_MAX),
  },
  holdTtlMsMax: {
    flag: '--hold-ttl-ms-max <ms>',
    variable: 'HOLDFAST_HOLD_TTL_MS_MAX',
    meaning: 'longest lifetime of a hold',
    fallback: String(ENGINE_LIMITS.holdTtlMsMax),
    read: wholeNumber(1, LIFE_MS_MAX),
  },
  expiryIntervalMs: {
    flag: '--expiry-interval-ms <ms>',
    variable: 'HOLDFAST_EXPIRY_INTERVAL_MS',
    meaning: 'pause of the sweeper between two rounds',
    fallback: String(ENGINE_LIMITS.expiryIntervalMs),
    read: wholeNumber(10, 3_600_000),
  },
  expiryPageMax: {
    flag: '--expiry-page-max <count>',
    variable: 'HOLDFAST_EXPIRY_PAGE_MAX',
    meaning: 'due holds that the sweeper reads and ends at once',
    fallback: String(ENGINE_LIMITS.expiryPageMax),
    read: wholeNumber(1, 1_000),
  },
  expiryRoundMax: {
    flag: '--expiry-round-max <count>',
    variable: 'HOLDFAST_EXPIRY_ROUND_MAX',
    meaning: 'due holds that the sweeper ends in one round',
    fallback: String(ENGINE_LIMITS.expiryRoundMax),
    read: wholeNumber(1, 1_000_000),
  },
  houseStripe: {
    flag: '--house-stripe <number>',
    variable: 'HOLDFAST_HOUSE_STRIPE',
    meaning:
      'the stripe of the house accounts that this process writes; use a different one per process; auto chooses one',
    fallback: 'auto',
    read: orWord('auto', wholeNumber(0, HOUSE_STRIPES - 1)),
  },
  acceptRowsAhead: {
    flag: '--accept-rows-ahead',
    variable: 'HOLDFAST_ACCEPT_ROWS_AHEAD',
    meaning: 'accept an SQLite file whose newest rows are later than the clock of this machine; true or false',
    fallback: 'false',
    read: trueOrFalse,
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>

export type SettingName = keyof typeof SETTINGS
export type Settings = { readonly [Name in SettingName]: ReturnType<(typeof SETTINGS)[Name]['read']> }

/** The flags of the command line by setting, and the config file. A switch is `true`. */
export type Flags = { readonly [Name in SettingName]?: string | boolean } & GivenFlags

/** @throws SettingError */
export function readSettings(flags: Flags, environment: Environment): Settings {
  const names = Object.keys(SETTINGS) as SettingName[]
  const sources = { environment, file: configFileOf(flags, environment, KNOWN_VARIABLES) }
  const settings = Object.fromEntries(names.map((name) => [name, readFrom(flags, sources, name)])) as Settings
  requireUsableLife(settings)
  requireOneReplica(settings)
  return settings
}

/** With a default above the maximum, every freeze without a lifetime would be rejected. */
function requireUsableLife({ holdTtlMsDefault, holdTtlMsMax }: Settings): void {
  if (holdTtlMsDefault <= holdTtlMsMax) return
  const { holdTtlMsDefault: life, holdTtlMsMax: longest } = SETTINGS
  throw new SettingError(
    `${nameOf(life)} (${life.variable}) is ${holdTtlMsDefault}, which is more than ${nameOf(longest)} (${longest.variable}), ${holdTtlMsMax}.`,
  )
}

/** A service that only reads has one database. */
function requireOneReplica({ readOnly, readStore }: Settings): void {
  if (!readOnly || readStore === undefined) return
  const { readOnly: alone, readStore: beside, store } = SETTINGS
  throw new SettingError(
    `${nameOf(beside)} is for a service that writes. With ${nameOf(alone)}, name the replica with ${nameOf(store)}.`,
  )
}

/** @throws SettingError */
export function readSetting<Name extends SettingName>(
  name: Name,
  flags: Flags,
  environment: Environment,
): Settings[Name] {
  return readFrom(flags, { environment, file: configFileOf(flags, environment, KNOWN_VARIABLES) }, name)
}

/** What an operator should know about where the settings come from, one sentence each. @throws SettingError */
export function configWarnings(flags: Flags, environment: Environment): readonly string[] {
  const file = configFileOf(flags, environment, KNOWN_VARIABLES)
  if (file?.isReadableByAll !== true) return []
  return Object.values<Setting<unknown>>(SETTINGS).flatMap(({ variable, isSecret }) => {
    const found = isSecret === true ? file.lines.get(variable) : undefined
    if (found === undefined || withoutPassword(found.text) === found.text) return []
    const advice = `Run "chmod o= ${file.path}", or name a file that has it with ${variable}_FILE.`
    return [
      `${file.path}:${found.line}: ${variable} has a password, and every user of this machine may read the file. ${advice}`,
    ]
  })
}

const KNOWN_VARIABLES: ReadonlySet<string> = new Set(
  Object.values<Setting<unknown>>(SETTINGS).flatMap(({ variable, isSecret }) =>
    isSecret === true ? [variable, `${variable}_FILE`] : [variable],
  ),
)

function readFrom<Name extends SettingName>(flags: Flags, sources: Sources, name: Name): Settings[Name] {
  const setting: Setting<unknown> = SETTINGS[name]
  const { source, text: given } = givenFor(setting, flags[name], sources)
  try {
    return setting.read(given) as Settings[Name]
  } catch (error) {
    if (!(error instanceof SettingError)) throw error
    const shown = setting.isSecret === true ? '' : `, not "${given}"`
    throw new SettingError(`${source} ${error.message}${shown}.`)
  }
}

/** A store URL without its password, for messages. */
export function withoutPassword(store: string): string {
  return store.replace(/^([a-z]+:\/\/[^/@]*?):.*@/, '$1:***@')
}
