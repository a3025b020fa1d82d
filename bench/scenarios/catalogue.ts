/** All scenarios by name. */
import { freezesOf, livesOf } from './lives.ts'
import type { Scenario } from './scenario.ts'
import { transfer } from './transfer.ts'

/**
 * Connections of the write-ups' code: SQLAlchemy's pool of 5 and 10 overflow. It is also close to their optimum: on a busy machine, with
 * PostgreSQL 15 and `freeze` with 100 in flight, update-first made 860, 750, 540 and 380 commands/s with 8, 15, 30 and 50 connections, and
 * cas 230, 150, 100 and 100.
 */
const POOL = 15

export const SCENARIOS = {
  freeze: {
    summary: 'one user freezes, as in the incident',
    commands: 'lives',
    connections: POOL,
    defaults: { users: 1, inFlight: 100, processes: 1, seconds: 5 },
    workload: freezesOf,
  },
  life: {
    summary: 'one user freezes and settles; one hold in ten is released',
    commands: 'lives',
    connections: POOL,
    defaults: { users: 1, inFlight: 100, processes: 1, seconds: 5 },
    workload: livesOf,
  },
  spread: {
    summary: 'life of many users, drawn uniformly or by Zipf’s law',
    commands: 'lives',
    connections: POOL,
    defaults: { users: 1_000, inFlight: 1_000, processes: 1, seconds: 5 },
    workload: livesOf,
  },
  transfer,
  processes: {
    summary: 'life of one user, called by several processes',
    commands: 'lives',
    connections: POOL,
    defaults: { users: 1, inFlight: 100, processes: 4, seconds: 5 },
    workload: livesOf,
  },
  soak: {
    summary: 'life of a hundred users for minutes, with memory and latency over time',
    commands: 'lives',
    connections: POOL,
    defaults: { users: 100, inFlight: 100, processes: 1, seconds: 120 },
    workload: livesOf,
  },
} as const satisfies Readonly<Record<string, Scenario>>

export type ScenarioName = keyof typeof SCENARIOS

export const SCENARIO_NAMES = Object.keys(SCENARIOS) as readonly ScenarioName[]

export function isScenarioName(name: string): name is ScenarioName {
  return Object.hasOwn(SCENARIOS, name)
}
