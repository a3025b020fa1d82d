/**
 * The measurable claims of the write-ups: the figures to look at, the condition under which a claim holds, and the reason.
 *
 * The reasons do not depend on the figures. Whether a claim holds is decided by the figures on InnoDB, the write-ups' database.
 */
import { msText, rateText, ratioText } from '../../output/numbers.ts'
import type { Result } from '../../output/result.ts'
import type { StrategyName } from '../../strategies/catalogue.ts'
import type { ChapterId } from '../chapters.ts'

/** The result on one store; null without one. */
export type Find = (chapter: ChapterId, strategy: StrategyName) => Result | null

interface Line {
  readonly label: string
  /** Null where it was not run. */
  readonly value: (find: Find) => string | null
}

export interface Claim {
  readonly title: string
  /** Quoted from the write-up. */
  readonly quote: string
  readonly lines: readonly Line[]
  /** Returns null when a run that it needs is missing. Without a function, only the reason can answer. */
  readonly holds: ((find: Find) => boolean | null) | null
  readonly reason: string
}

export interface WriteUp {
  readonly title: string
  readonly file: string
  readonly claims: readonly Claim[]
}

export function line(
  label: string,
  [chapter, strategy]: readonly [ChapterId, StrategyName],
  show: (result: Result) => string | null,
): Line {
  return {
    label,
    value: (find) => {
      const result = find(chapter, strategy)
      return result === null ? null : show(result)
    },
  }
}

/** Compares two results; null when one of them is missing. */
export function compare(
  [chapter, left, right]: readonly [ChapterId, StrategyName, StrategyName],
  holds: (left: Result, right: Result) => boolean,
): (find: Find) => boolean | null {
  return (find) => {
    const [one, other] = [find(chapter, left), find(chapter, right)]
    return one === null || other === null ? null : holds(one, other)
  }
}

export function ratioLine(
  label: string,
  [chapter, left, right]: readonly [ChapterId, StrategyName, StrategyName],
): Line {
  return {
    label,
    value: (find) => {
      const [one, other] = [find(chapter, left), find(chapter, right)]
      if (one === null || other === null || other.commandsPerSecond === 0) return null
      return `${ratioText(one.commandsPerSecond / other.commandsPerSecond)} ×`
    },
  }
}

export const rate = ({ commandsPerSecond }: Result): string => `${rateText(commandsPerSecond)}/s`
export const mean = ({ meanMs }: Result): string => `${msText(meanMs)} ms`
export const p50 = ({ p50Ms }: Result): string => `${msText(p50Ms)} ms`
export const p99 = ({ p99Ms }: Result): string => `${msText(p99Ms)} ms`
export const lockTimeouts = ({ lockTimeouts: count }: Result): string | null => count?.toLocaleString('en-US') ?? null
export const retries = ({ retriesPerCommand }: Result): string | null => retriesPerCommand?.toFixed(2) ?? null

export function deadlocksOf100({ commands, errors }: Result): string {
  const refused = Object.values(errors).reduce((sum, count) => sum + count, 0)
  const all = commands + refused
  return all === 0 ? '0' : (((errors['deadlock'] ?? 0) / all) * 100).toFixed(1)
}

/** For one attempt, including the wait for a connection and the pause before it. */
export function attemptMs({ meanMs, retriesPerCommand }: Result): number {
  return meanMs / (1 + (retriesPerCommand ?? 0))
}

export function attempt(result: Result): string {
  return `${msText(attemptMs(result))} ms`
}

/** As a share of the calls that were due. */
export function gaveUp({ commands, errors }: Result): string {
  const exhausted = errors['cas_exhausted'] ?? 0
  const all = commands + Object.values(errors).reduce((sum, count) => sum + count, 0)
  return all === 0 ? '0' : `${exhausted.toLocaleString('en-US')} of ${all.toLocaleString('en-US')}`
}
