/** The figures of the experiments, as they are kept beside the report. */
import { readFile, writeFile } from 'node:fs/promises'
import type { Flavour } from '../databases/scratch.ts'
import type { AlertFigure } from './alert-threshold.ts'
import type { StrangerFigure } from './stranger.ts'
import type { IndexFigure } from './version-index.ts'

/** The figures of one server. */
export interface OnServer<Figure> {
  readonly flavour: Flavour
  readonly version: string
  readonly figures: readonly Figure[]
}

export interface Experiments {
  /** ISO 8601. */
  readonly madeAt: string
  readonly alert: readonly AlertFigure[]
  readonly index: readonly OnServer<IndexFigure>[]
  readonly stranger: readonly OnServer<StrangerFigure>[]
}

export const EXPERIMENTS_FILE = 'experiments.json'

export async function readExperiments(file: string): Promise<Experiments> {
  return JSON.parse(await readFile(file, 'utf8')) as Experiments
}

/** One line per figure, so that diffs are readable. */
export async function saveExperiments(file: string, { madeAt, alert, index, stranger }: Experiments): Promise<void> {
  const lines = (all: readonly object[], indent: string): string =>
    all.map((one) => `${indent}${JSON.stringify(one)}`).join(',\n')
  const servers = (all: readonly OnServer<object>[]): string =>
    all
      .map(
        ({ flavour, version, figures }) =>
          `    { "flavour": "${flavour}", "version": "${version}", "figures": [\n${lines(figures, '      ')}\n    ] }`,
      )
      .join(',\n')
  const text = `{
  "madeAt": "${madeAt}",
  "alert": [
${lines(alert, '    ')}
  ],
  "index": [
${servers(index)}
  ],
  "stranger": [
${servers(stranger)}
  ]
}
`
  await writeFile(file, text)
}
