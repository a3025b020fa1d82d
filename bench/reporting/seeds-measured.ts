/** Generates docs/seeds-measured.md: each claim of the write-ups next to the measurements. */
import type { Experiments } from '../experiments/figures.ts'
import { SERVER_NAMES } from '../output/headline.ts'
import { batchTransferDeadlock } from './claims/batch-transfer-deadlock.ts'
import { casGuide } from './claims/cas-guide.ts'
import type { Claim, Find, WriteUp } from './claims/claim.ts'
import { freezeLockTimeout } from './claims/freeze-lock-timeout.ts'
import { markdownTable, shortVersion, verdictOf, wrapped } from './document-text.ts'
import { experimentClaims } from './experiment-claims.ts'
import { resultOf, type Report, type ReportedStore } from './report.ts'

export const WRITE_UPS: readonly WriteUp[] = [freezeLockTimeout, casGuide, batchTransferDeadlock]

export function seedsMeasured(report: Report, experiments: Experiments): string {
  const sections = WRITE_UPS.map(
    ({ title, file, claims }) =>
      `## ${title}\n\nFrom the write-up \`${file}\`.\n\n${claims.map((claim) => claimText(report, claim)).join('\n')}`,
  )
  return `# The claims of the incident write-ups, measured

Holdfast originates from three write-ups of production incidents. This page lists each of their claims that can be measured, the
measurement, and the explanation. The strategies are in [bench/strategies](../bench/strategies), one file each.

${report.machine.cores} × ${report.machine.processor}, ${stores(report)}; client and server share the processors. The figures are from one run of
\`npm run bench:report\` on ${report.madeAt.slice(0, 10)}, ${report.seconds} s per figure: [the report](../bench/report/index.html),
[as JSON](../bench/report/results.json). \`npm run bench:documents\` generates this page from it.

The verdict on a claim is for InnoDB, which the write-ups are about. The other databases show whether the result depends on the database.

${sections.join('\n')}
${experimentClaims(experiments)}
## Not measured

- \`SHOW ENGINE INNODB DEADLOCKS\`: there is no such statement; MySQL 9.7 and MariaDB 10.11 answer with error 1064. MySQL shows the
  latest deadlock in \`SHOW ENGINE INNODB STATUS\` and logs all of them with \`innodb_print_all_deadlocks\`. \`holdfast doctor\` explains the
  latest one in words.
- \`SET GLOBAL innodb_lock_wait_timeout\` as a permanent setting: it ends with the server, which starts with its old value again. MySQL keeps
  what \`SET PERSIST\` sets; MariaDB has no such statement (error 1064) and needs a line in its configuration. The test "SET GLOBAL ends with the
  server, and SHOW ENGINE INNODB DEADLOCKS does not exist" in \`test/servers/doctor-mysql-server.test.ts\` shows both on servers of its own.
- Old methods next to new ones, migration and rollback of the version column, compensation jobs.
`
}

function stores({ stores }: Report): string {
  return stores.map(({ server }) => `${SERVER_NAMES[server.flavour]} ${shortVersion(server.version)}`).join(', ')
}

function claimText(report: Report, { title, quote, lines, holds, reason }: Claim): string {
  const shown = lines.map(({ label, value }) => [
    label,
    ...report.stores.map((store) => value(findOn(report, store)) ?? '—'),
  ])
  const rows = shown.filter(([, ...values]) => values.some((value) => value !== '—'))
  const head = ['', ...report.stores.map(({ server }) => SERVER_NAMES[server.flavour])]
  const judged = holds === null ? reason : `**${verdict(report, holds)}** ${reason}`
  return `### ${title}\n\n> ${quote}\n\n${markdownTable(head, rows)}\n\n${wrapped(judged)}\n`
}

function findOn(report: Report, { name }: ReportedStore): Find {
  return (chapter, strategy) => resultOf(report, { chapter, store: name, strategy })
}

const INNODB = ['mariadb', 'mysql']

function verdict(report: Report, holds: NonNullable<Claim['holds']>): string {
  const judged = report.stores
    .filter(({ server }) => INNODB.includes(server.flavour))
    .map((store) => ({ name: SERVER_NAMES[store.server.flavour], holds: holds(findOn(report, store)) }))
  return verdictOf(judged)
}
