/** The chapters of the report: what each runs on every store, and why. */
import type { TrialFlags } from '../command-line.ts'
import type { ScenarioName } from '../scenarios/catalogue.ts'
import type { StrategyName } from '../strategies/catalogue.ts'

export interface Chapter {
  readonly title: string
  readonly scenario: ScenarioName
  readonly strategies: readonly StrategyName[]
  /** Deviations from the scenario's defaults. */
  readonly trial: Pick<
    TrialFlags,
    'ids' | 'users' | 'inFlight' | 'processes' | 'rate' | 'distribution' | 'statementPauseMs'
  >
  /** What is kept of a result besides its figures; this is the largest part of the file. */
  readonly keeps: readonly ('percentiles' | 'samples')[]
  /** The names of the stores to run on; all stores by default. */
  readonly stores?: readonly string[]
  /** Factor on the duration of each run. */
  readonly times?: number
  /** Rounds per strategy; the median one is shown. A single round would depend too much on the machine’s momentary speed. Default 1. */
  readonly rounds?: number
}

/** Chapters whose figures are compared with each other. */
const ROUNDS = 3

const ENDS = ['update-first', 'raw', 'limit', 'holdfast'] as const

export const CHAPTERS = {
  'freeze-1': {
    title: 'Freeze, one request at a time',
    scenario: 'freeze',
    strategies: ['row-lock', 'cas', 'update-first', 'holdfast'],
    trial: { inFlight: 1 },
    keeps: [],
  },
  'freeze-10': {
    title: 'Freeze, 10 requests of one user at once',
    scenario: 'freeze',
    strategies: ['row-lock', 'cas', 'holdfast'],
    trial: { inFlight: 10 },
    keeps: [],
  },
  'freeze-100': {
    title: 'Freeze, 100 requests of one user at once: the incident',
    scenario: 'freeze',
    strategies: ['insert-first', 'insert-first-fk', 'update-first', 'row-lock', 'cas', 'user-queue', 'raw', 'holdfast'],
    trial: { inFlight: 100 },
    keeps: [],
  },
  'freeze-far': {
    title: 'Freeze, 100 requests of one user at once, 10 ms after each statement of a transaction',
    scenario: 'freeze',
    strategies: ['insert-first', 'update-first'],
    trial: { inFlight: 100, statementPauseMs: 10 },
    keeps: [],
  },
  'life-1': {
    title: 'Life, one call at a time',
    scenario: 'life',
    strategies: ENDS,
    trial: { inFlight: 1 },
    keeps: [],
    rounds: ROUNDS,
  },
  'life-10': { title: 'Life, 10 in flight', scenario: 'life', strategies: ENDS, trial: { inFlight: 10 }, keeps: [] },
  'life-100': {
    title: 'Life, one user, 100 in flight',
    scenario: 'life',
    strategies: [
      'insert-first',
      'update-first',
      'row-lock',
      'cas',
      'user-queue',
      'raw',
      'limit',
      'holdfast',
      'holdfast-http',
      'holdfast-client',
    ],
    trial: { inFlight: 100 },
    keeps: ['percentiles'],
    rounds: ROUNDS,
  },
  'life-1000': {
    title: 'Life, one user, 1,000 in flight',
    scenario: 'life',
    strategies: [...ENDS, 'holdfast-http', 'holdfast-client'],
    trial: { inFlight: 1_000 },
    keeps: [],
    rounds: ROUNDS,
  },
  'life-v7': {
    title: 'Life, one user, 1,000 in flight, ids that start with the time (UUIDv7)',
    scenario: 'life',
    strategies: ENDS,
    trial: { inFlight: 1_000, ids: 'v7' },
    keeps: [],
    rounds: ROUNDS,
  },
  'life-counted': {
    title: 'Life, one user, 1,000 in flight, counted ids, which no caller sends',
    scenario: 'life',
    strategies: ENDS,
    trial: { inFlight: 1_000, ids: 'sequential' },
    keeps: [],
    rounds: ROUNDS,
  },
  'life-open': {
    title: 'Life, one user, 500 calls per second in an open loop',
    scenario: 'life',
    strategies: ['update-first', 'user-queue', 'cas', 'holdfast'],
    trial: { rate: 500, inFlight: 1_000 },
    keeps: ['percentiles'],
  },
  spread: {
    title: 'Life, 1,000 users drawn uniformly, 1,000 in flight',
    scenario: 'spread',
    strategies: ENDS,
    trial: {},
    keeps: [],
    rounds: ROUNDS,
  },
  'spread-zipf': {
    title: 'Life, 1,000 users drawn by Zipf’s law, 1,000 in flight',
    scenario: 'spread',
    strategies: ENDS,
    trial: { distribution: 'zipf' },
    keeps: [],
    rounds: ROUNDS,
  },
  transfer: {
    title: 'One to ten among fifty accounts, 50 in flight',
    scenario: 'transfer',
    strategies: ['transfer-unsorted', 'transfer-journal-first', 'transfer-sorted', 'raw', 'holdfast'],
    trial: {},
    keeps: [],
  },
  'transfer-5': {
    title: 'One to ten among fifty accounts, 5 in flight',
    scenario: 'transfer',
    strategies: ['transfer-unsorted', 'transfer-sorted'],
    trial: { inFlight: 5 },
    keeps: [],
  },
  processes: {
    title: 'Life, one user, 4 processes, 100 in flight',
    scenario: 'processes',
    strategies: ['update-first', 'user-queue', 'raw', 'holdfast'],
    trial: {},
    keeps: [],
  },
  soak: {
    title: 'Life, 100 users, 100 in flight, longer run: memory and latency over time',
    scenario: 'soak',
    strategies: ['holdfast', 'holdfast-http'],
    trial: {},
    keeps: ['samples'],
    stores: ['sqlite'],
    times: 15,
  },
} as const satisfies Readonly<Record<string, Chapter>>

export type ChapterId = keyof typeof CHAPTERS

export const CHAPTER_IDS = Object.keys(CHAPTERS) as readonly ChapterId[]

export function isChapterId(name: string): name is ChapterId {
  return Object.hasOwn(CHAPTERS, name)
}

export function chapterOf(id: ChapterId): Chapter {
  return CHAPTERS[id]
}
