/** The claims that have experiments of their own, next to the figures of these. */
import {
  alertCells,
  ALERT_COLUMNS,
  indexCells,
  INDEX_COLUMNS,
  strangerCells,
  STRANGER_COLUMNS,
} from '../experiments/tables.ts'
import type { Experiments, OnServer } from '../experiments/figures.ts'
import { SERVER_NAMES } from '../output/headline.ts'
import { markdownTable, shortVersion, verdictOf, wrapped } from './document-text.ts'

export function experimentClaims(experiments: Experiments): string {
  const { madeAt, alert, index, stranger } = experiments
  return `## Claims with experiments of their own

Made by \`npm run bench:experiments\` on ${madeAt.slice(0, 10)}, on the same machine. The experiments are in [bench/experiments](../bench/experiments).

### The alert \`rate(freeze_lock_timeout_total[5m]) > 0.1\` means that more than 10 % time out

> expr: rate(freeze_lock_timeout_total[5m]) > 0.1 … description: "过去5分钟内锁超时率 > 10%"

${markdownTable(ALERT_COLUMNS, alert.map(alertCells))}

${wrapped(
  `**${alert.every(({ fires, shareFires }) => fires === shareFires) ? 'It holds.' : 'It does not hold.'}** A Prometheus was given the counters of four services. \`rate\` is a number per second, so the limit is one lock timeout in ten seconds, however many freezes there are. A busy service fires for one freeze in five thousand, and a quiet one is silent while all of its freezes time out. The share divides by the freezes: \`rate(freeze_lock_timeout_total[5m]) / rate(freeze_total[5m]) > 0.1\`. The alerts of Holdfast do that, and need at least three in ten minutes.`,
)}

### The index on (id, version) helps compare-and-swap

> CREATE INDEX idx_users_id_version ON users(id, version);

${byServer(index, INDEX_COLUMNS, indexCells)}

${wrapped(
  `**${verdictOf(index.map(({ flavour, figures }) => ({ name: SERVER_NAMES[flavour], holds: isFaster(figures) })))}** The primary key already finds the row, and InnoDB keeps the row with it. The index has to be maintained by every swap, because every swap changes the version. Each figure is the median of rounds that alternate between two tables of 10,000 users, with 100 swaps in each transaction over one connection.`,
)}

### A lower lock timeout and a circuit breaker protect the service

> innodb_lock_wait_timeout = 10 … @circuit(failure_threshold=5, recovery_timeout=30)

A stranger, a program outside of the ledger, holds the row of one user for 60 s. This user is asked for five freezes a second, fifty others together for
fifteen, over 15 connections. "Served" is an answer within a second; "recovered" is the time from the end of the stranger until every call is
served again.

${byServer(stranger, STRANGER_COLUMNS, strangerCells)}

${wrapped(
  `**They move the damage.** Each waiting freeze occupies a connection, so after three seconds all 15 wait for the one row, and nobody else gets a connection. With 50 s and with 10 s that lasts as long as the stranger: four attempts of 10 s are longer than most callers wait. With 1 s, InnoDB’s least, others get a connection now and then, and freezes of the held user fail. The breaker opens only if five failures come without a success in between, which is a matter of chance, and then refuses everybody, also the fifty users whose rows are free, and also after the stranger has left.`,
)}

${wrapped(
  `Holdfast waits for the row once, for its own lock timeout of a second, and with it everybody, because commands are committed together. Then it asks the database which rows are locked, and parks the commands on those: the others go on, and those of the held user are answered \`contention\` after 5 s, which says that nothing of them was written ([ADR 33](adr/0033-commands-on-a-locked-balance-are-parked.md)). It serves the row as soon as it is free, and its breaker does not open. \`holdfast doctor\` names the transaction that holds the row, and the alert [HoldfastLockTimeouts](runbook.md#holdfastlocktimeouts) is for it.`,
)}
`
}

function isFaster(figures: Experiments['index'][number]['figures']): boolean {
  const rate = (wanted: boolean): number => figures.find(({ indexed }) => indexed === wanted)!.swapsPerSecond
  return rate(true) > rate(false)
}

function byServer<Figure>(
  servers: readonly OnServer<Figure>[],
  columns: readonly string[],
  cells: (figure: Figure) => readonly string[],
): string {
  return servers
    .map(
      ({ flavour, version, figures }) =>
        `${SERVER_NAMES[flavour]} ${shortVersion(version)}:\n\n${markdownTable(columns, figures.map(cells))}`,
    )
    .join('\n\n')
}
