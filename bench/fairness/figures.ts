/** The rows of fairness that are kept for the report. */
import type { Flavour } from '../databases/scratch.ts'
import { addToList, readList } from '../reporting/kept.ts'
import type { Finding } from './bounds.ts'
import type { FairnessResult } from './fairness.ts'
import type { NoiseName } from './noises.ts'

export interface FairnessRow extends FairnessResult {
  readonly flavour: Flavour
  readonly version: string
  readonly seconds: number
  readonly rounds: number
  readonly noise: NoiseName
  readonly findings: readonly Finding[]
  /** ISO 8601. */
  readonly madeAt: string
}

/** The file beside the report that has them. */
export const FAIRNESS_FILE = 'fairness.json'

/** Empty when there is no such file. */
export async function readFairness(file: string): Promise<readonly FairnessRow[]> {
  return await readList<FairnessRow>(file)
}

export async function saveFairness(file: string, rows: readonly FairnessRow[]): Promise<void> {
  await addToList(file, rows, ({ flavour, noise }) => `${flavour} ${noise}`)
}
