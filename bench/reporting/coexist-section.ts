/** Old code and Holdfast on the same rows, as a section of the page. */
import type { CoexistRow } from '../coexist/figures.ts'
import { COEXIST_COLUMNS, coexistCells } from '../coexist/table.ts'
import { SERVER_NAMES } from '../output/headline.ts'
import { escape, tableOf } from './html.ts'

export const COEXIST_ID = 'coexist'
export const COEXIST_TITLE = 'Old code and Holdfast on the same rows'

export function coexistSection(rows: readonly CoexistRow[]): string {
  const places = [...Map.groupBy(rows, ({ flavour, users }) => `${flavour} ${users}`).values()].map((ofPlace) => {
    const { flavour, version, users, seconds } = ofPlace[0]!
    const where = users === 1 ? 'one user' : `${users.toLocaleString('en-US')} users by Zipf’s law`
    return `<h3>${SERVER_NAMES[flavour]} ${escape(version)}, ${where}, ${seconds} s per row</h3>
${tableOf(
  COEXIST_COLUMNS,
  ofPlace.map((row) => coexistCells(row, ofPlace).map(escape)),
)}`
  })
  return `<section id="${COEXIST_ID}"><h2>${escape(COEXIST_TITLE)}</h2>
<p>${rows[0]!.callers} callers freeze and settle; the share in the second column uses Holdfast, the others a strategy of the write-ups on tables that a
bridge joins with the ledger. Each side is a process of its own. Made by <code>npm run coexist</code>; times are milliseconds, retries per
call. Deadlocks and lock timeouts are those that the server counted. <em>× without</em> is what is left of the rate of one side
alone without a bridge. On MariaDB the tables of <code>cas</code> are without the index on (id, version), with which no bridge is installed there.</p>
${places.join('\n')}
</section>`
}
