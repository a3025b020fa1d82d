/** Runs several strategies in turn, round after round, on one server: the results, and the strategies that failed. */
import type { ScratchServer } from '../databases/scratch.ts'
import type { StrategyName } from '../strategies/catalogue.ts'
import { runStrategy, type Seen, type Trial, type Watch } from './strategy-run.ts'

export interface Contest {
  readonly strategies: readonly StrategyName[]
  readonly trial: Trial
  readonly rounds: number
}

export interface Entrant {
  readonly strategy: StrategyName
  readonly rounds: readonly Seen[]
}

export interface Dropout {
  readonly strategy: StrategyName
  readonly error: unknown
}

export interface Standings {
  readonly entrants: readonly Entrant[]
  readonly dropouts: readonly Dropout[]
}

/** Called before each run. The function that it returns is called during the run, `end` after it. */
export type Announce = (run: { strategy: StrategyName; number: number; total: number }) => {
  readonly watch: Watch
  readonly end: () => void
}

/**
 * Strategies alternate, because a machine's speed varies during a run. One that fails is dropped; the others go on. Ends early when
 * `signal` fires.
 */
export async function runContest(
  server: ScratchServer,
  { strategies, trial, rounds }: Contest,
  announce: Announce,
  signal: AbortSignal,
): Promise<Standings> {
  const seen = new Map<StrategyName, Seen[]>()
  const dropouts: Dropout[] = []
  const isOut = (name: StrategyName): boolean => dropouts.some(({ strategy }) => strategy === name)
  let number = 0
  for (let round = 0; round < rounds; round++) {
    for (const strategy of strategies) {
      number++
      if (isOut(strategy) || signal.aborted) continue
      const { watch, end } = announce({ strategy, number, total: rounds * strategies.length })
      try {
        const one = await runStrategy(server, { name: strategy, trial, watch, signal })
        seen.set(strategy, [...(seen.get(strategy) ?? []), one])
      } catch (error) {
        if (!signal.aborted) dropouts.push({ strategy, error })
      } finally {
        end()
      }
    }
  }
  const entrants = [...seen].filter(([name]) => !isOut(name)).map(([strategy, rounds]) => ({ strategy, rounds }))
  return { entrants, dropouts }
}
