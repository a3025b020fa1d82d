/** The table's first line: what was run, and where. */
import { cpus } from 'node:os'
import type { Setting } from './result.ts'

export const SERVER_NAMES = { sqlite: 'SQLite', mysql: 'MySQL', mariadb: 'MariaDB', postgres: 'PostgreSQL' } as const

export function headline({ store, server, trial }: Setting): string {
  const {
    scenario,
    users,
    distribution,
    ids,
    inFlight,
    connections,
    processes,
    rate,
    seconds,
    seed,
    statementPauseMs,
  } = trial
  const parts = [
    count(users, 'user') + (users > 1 ? `, ${distribution}` : ''),
    rate === null
      ? `${inFlight.toLocaleString('en-US')} in flight`
      : `${rate.toLocaleString('en-US')} calls/s, open loop`,
    count(connections, 'connection'),
    count(processes, 'process', 'processes'),
    ...(statementPauseMs === 0 ? [] : [`${statementPauseMs} ms after each statement`]),
    `${ids} ids`,
    `${seconds} s`,
    `seed ${seed}`,
  ]
  const model = cpus()[0]?.model ?? 'unknown'
  return [
    `${scenario} on ${SERVER_NAMES[server.flavour]} ${server.version} (${store}): ${parts.join(', ')}`,
    `Node ${process.version} on ${cpus().length} × ${model}; ${settingsText(server.settings)}`,
  ].join('\n')
}

export function settingsText(settings: Readonly<Record<string, string>>): string {
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}`)
    .join(', ')
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`
}
