/** All strategies by name, in the order of the tables. */
import { cas } from './cas.ts'
import { holdfastClient } from './holdfast-client.ts'
import { holdfastHttp } from './holdfast-http.ts'
import { holdfast } from './holdfast.ts'
import { insertFirstFk } from './insert-first-fk.ts'
import { insertFirst } from './insert-first.ts'
import { limit } from './limit.ts'
import { raw } from './raw.ts'
import { rowLock } from './row-lock.ts'
import type { Strategy } from './strategy.ts'
import { transferJournalFirst } from './transfer-journal-first.ts'
import { transferSorted } from './transfer-sorted.ts'
import { transferUnsorted } from './transfer-unsorted.ts'
import { updateFirst } from './update-first.ts'
import { userQueue } from './user-queue.ts'

export const STRATEGIES = {
  'insert-first': insertFirst,
  'insert-first-fk': insertFirstFk,
  'update-first': updateFirst,
  'row-lock': rowLock,
  cas,
  'user-queue': userQueue,
  'transfer-unsorted': transferUnsorted,
  'transfer-journal-first': transferJournalFirst,
  'transfer-sorted': transferSorted,
  raw,
  limit,
  holdfast,
  'holdfast-http': holdfastHttp,
  'holdfast-client': holdfastClient,
} as const satisfies Readonly<Record<string, Strategy>>

export type StrategyName = keyof typeof STRATEGIES

export const STRATEGY_NAMES = Object.keys(STRATEGIES) as readonly StrategyName[]

export function isStrategyName(name: string): name is StrategyName {
  return Object.hasOwn(STRATEGIES, name)
}

/** Strategies that support the commands. */
export function strategiesThatPlay(commands: 'lives' | 'transfers'): readonly StrategyName[] {
  return STRATEGY_NAMES.filter((name) => [commands, 'both'].includes(STRATEGIES[name].plays))
}
