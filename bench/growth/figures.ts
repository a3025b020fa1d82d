/** The figures of growth that are kept: for each measurement the median of its steps. */
import type { Flavour } from '../databases/scratch.ts'
import type { IdKind } from '../load/request-ids.ts'
import { addToList, readList } from '../reporting/kept.ts'
import type { StrategyName } from '../strategies/catalogue.ts'
import type { ReadTimes } from '../strategies/strategy.ts'
import type { GrowthReads, GrowthStep } from './growth.ts'

/** Of what the figures are. */
export interface Subject {
  readonly flavour: Flavour
  readonly version: string
  readonly strategy: StrategyName
  readonly users: number
  readonly inFlight: number
}

export interface GrowthFigure extends Subject {
  /** Lives that SQL had written, and InnoDB's buffer pool in MB; null for the server's own. */
  readonly loaded: number
  readonly poolMb: number | null
  readonly ids: IdKind
  readonly steps: number
  /** Of the step with the median rate. */
  readonly commandsPerSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly bytesPerLife: number
  readonly reads: ReadTimes | null
  /** ISO 8601. */
  readonly madeAt: string
}

/** The file beside the report that has them. */
export const GROWTH_FILE = 'growth.json'

export function figuresOf(
  { flavour, version, strategy, users, inFlight }: Subject,
  steps: readonly GrowthStep[],
  reads: readonly GrowthReads[],
): readonly GrowthFigure[] {
  const madeAt = new Date().toISOString()
  return [...Map.groupBy(steps, ({ loaded, poolMb, ids }) => `${loaded} ${poolMb} ${ids}`).values()].map((group) => {
    const inOrder = group.toSorted((left, right) => left.commandsPerSecond - right.commandsPerSecond)
    const { loaded, poolMb, ids, commandsPerSecond, p50Ms, p99Ms, bytesPerLife } = inOrder[inOrder.length >> 1]!
    const read = reads.find((one) => one.loaded === loaded && one.poolMb === poolMb)
    return {
      flavour,
      version,
      strategy,
      users,
      inFlight,
      loaded,
      poolMb,
      ids,
      steps: group.length,
      commandsPerSecond,
      p50Ms,
      p99Ms,
      bytesPerLife,
      reads: read === undefined ? null : timesOf(read),
      madeAt,
    }
  })
}

function timesOf({ statementMs, openHoldsMs, searchMs, holdMs }: ReadTimes): ReadTimes {
  return { statementMs, openHoldsMs, searchMs, holdMs }
}

/** Empty when there is no such file. */
export async function readFigures(file: string): Promise<readonly GrowthFigure[]> {
  return await readList<GrowthFigure>(file)
}

export async function saveFigures(file: string, figures: readonly GrowthFigure[]): Promise<void> {
  await addToList(file, figures, nameOf)
}

function nameOf({ flavour, strategy, users, inFlight, ids, poolMb, loaded }: GrowthFigure): string {
  const place = String(loaded).padStart(12, '0')
  return `${flavour} ${strategy} ${users} ${inFlight} ${ids} ${poolMb ?? ''} ${place}`
}
