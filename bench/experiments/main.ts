/**
 * Experiments about single claims of the write-ups, for which strategies side by side are no measure:
 *
 *   npm run -s bench:experiments                                       all of them, about five minutes
 *   npm run -s bench:experiments -- --only index,alert
 *   npm run -s bench:experiments -- --save bench/report/experiments.json   keeps the figures; `npm run bench:documents` quotes them
 *
 * `stranger` and `index` run on the servers in HOLDFAST_TEST_MYSQL_URL and HOLDFAST_TEST_MARIADB_URL, `alert` on an installed Prometheus.
 */
import { Command } from 'commander'
import { listTable } from '../../src/cli/tables.ts'
import { withoutPrometheus } from '../../harness/prometheus.ts'
import { listOf, oneOf, UsageError } from '../command-line.ts'
import { openScratchServer, StoreTrouble, type ScratchServer } from '../databases/scratch.ts'
import { SERVER_NAMES } from '../output/headline.ts'
import { labStores } from '../stores.ts'
import { endWithReader, exitCodeOf } from '../trouble.ts'
import { askAboutRates, type AlertFigure } from './alert-threshold.ts'
import { readExperiments, saveExperiments, type Experiments, type OnServer } from './figures.ts'
import { holdRow, type StrangerFigure } from './stranger.ts'
import { alertCells, ALERT_COLUMNS, indexCells, INDEX_COLUMNS, strangerCells, STRANGER_COLUMNS } from './tables.ts'
import { compareIndex, type IndexFigure } from './version-index.ts'

const NAMES = ['alert', 'index', 'stranger'] as const
type Name = (typeof NAMES)[number]

const INNODB = ['mysql', 'mariadb']

interface Flags {
  readonly only: readonly Name[]
  readonly save?: string
}

endWithReader()

try {
  await main(commandLine().parse().opts<Flags>())
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function commandLine(): Command {
  return new Command('npm run -s bench:experiments --')
    .exitOverride()
    .description('Experiments about single claims of the write-ups.')
    .option('--only <names>', `some of ${NAMES.join(', ')}`, listOf(oneOf('Experiments', NAMES)), NAMES)
    .option('--save <file>', 'keeps the figures in a JSON file, in place of those that it has of the same experiments')
}

async function main({ only, save }: Flags): Promise<void> {
  // An unreadable file is noticed before the experiments.
  const kept = save === undefined || only.length === NAMES.length ? null : await keptIn(save)
  const servers = only.some((name) => name !== 'alert') ? innodbServers() : []
  const alert = only.includes('alert') ? await runAlert() : null
  const index: readonly OnServer<IndexFigure>[] | null = only.includes('index')
    ? await onEach(servers, (server) => compareIndex(server), [INDEX_COLUMNS, indexCells])
    : null
  const stranger: readonly OnServer<StrangerFigure>[] | null = only.includes('stranger')
    ? await onEach(servers, (server) => holdRow(server), [STRANGER_COLUMNS, strangerCells])
    : null
  if (save === undefined) return
  await saveExperiments(save, {
    madeAt: new Date().toISOString(),
    alert: alert ?? kept!.alert,
    index: index ?? kept!.index,
    stranger: stranger ?? kept!.stranger,
  })
}

/** @throws UsageError */
async function keptIn(file: string): Promise<Experiments> {
  return await readExperiments(file).catch((error: unknown) => {
    throw new UsageError(`${file} has no figures of the other experiments: ${(error as Error).message}`)
  })
}

/** @throws StoreTrouble without one */
function innodbServers(): readonly string[] {
  const urls = labStores().flatMap(({ name, url }) => (INNODB.includes(name) ? [url] : []))
  if (urls.length > 0) return urls
  throw new StoreTrouble('Neither HOLDFAST_TEST_MYSQL_URL nor HOLDFAST_TEST_MARIADB_URL is set.')
}

async function runAlert(): Promise<readonly AlertFigure[]> {
  const reason = withoutPrometheus()
  if (reason !== false) throw new StoreTrouble(`${reason}.`)
  const figures = await askAboutRates()
  show('What the alert means', listTable([...ALERT_COLUMNS], figures.map(alertCells)))
  return figures
}

async function onEach<Figure>(
  urls: readonly string[],
  run: (server: ScratchServer) => Promise<readonly Figure[]>,
  [columns, cells]: readonly [readonly string[], (figure: Figure) => readonly string[]],
): Promise<readonly OnServer<Figure>[]> {
  const all: OnServer<Figure>[] = []
  for (const url of urls) {
    await using server = await openScratchServer(url)
    const { flavour, version } = server.facts
    const figures = await run(server)
    show(`${SERVER_NAMES[flavour]} ${version}`, listTable([...columns], figures.map(cells)))
    all.push({ flavour, version, figures })
  }
  return all
}

function show(title: string, table: string): void {
  process.stdout.write(`${title}\n\n${table}\n\n`)
}
