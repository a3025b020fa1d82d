/** Every row in the database of a live run, in the form of the model. */
import { balanceKey } from '../../src/domain/balance.ts'
import { showHoldAsFrozen } from '../../src/domain/hold-record.ts'
import { endOfHold, type EntryRecord, type Posting } from '../../src/domain/journal.ts'
import { rateKey } from '../../src/domain/rate.ts'
import { changeKey, postingKey, Tables } from '../../src/stores/memory/tables.ts'
import { assetOf } from '../../src/stores/sql/asset-row.ts'
import { actorOf, AUTHOR_COLUMNS } from '../../src/stores/sql/author-row.ts'
import { balanceOf } from '../../src/stores/sql/balance-row.ts'
import { entryOf, postingPlacesOf } from '../../src/stores/sql/entry-row.ts'
import { houseOf } from '../../src/stores/sql/house-row.ts'
import { HOLD_STEPPED, holdOf } from '../../src/stores/sql/hold-row.ts'
import { rateOf } from '../../src/stores/sql/rate-row.ts'
import { idOf } from '../../src/stores/sql/request-key.ts'
import { columnsOf, REQUEST_COLUMNS, REQUEST_JOINS } from '../../src/stores/sql/request-select.ts'
import { linesOf, postingOf } from '../../src/stores/sql/run-row.ts'
import { standingOf } from '../../src/stores/sql/standing-row.ts'
import { metadataOf, whole, wholeOrNull, type Row } from '../../src/stores/sql/values.ts'
import type { Ground } from './ground.ts'

/** Called when no process writes any more. */
export async function readTables(ground: Ground): Promise<Tables> {
  const tables = new Tables()
  const query: Ground['query'] = (sql) => ground.query(sql)
  for (const row of await query('SELECT * FROM assets ORDER BY created_at, code')) {
    tables.assets.set(row['code'] as string, assetOf(row))
  }
  for (const row of await query('SELECT * FROM house_accounts ORDER BY declared_at, account')) {
    tables.houses.set(row['account'] as string, houseOf(row))
  }
  for (const row of await query('SELECT * FROM actors ORDER BY number')) {
    const { number, use, firstAt } = actorOf(row)
    tables.actors.set(number, { number, ...use, firstAt })
  }
  for (const row of await query('SELECT * FROM accounts')) {
    tables.accounts.set(row['account'] as string, metadataOf(row['metadata'])!)
  }
  for (const row of await query('SELECT * FROM standings')) {
    tables.standings.set(row['account'] as string, standingOf(row))
  }
  for (const row of await query('SELECT * FROM rates ORDER BY from_asset, to_asset, version')) {
    const rate = rateOf(row)
    const key = rateKey(rate.from, rate.to)
    tables.rates.set(key, [...(tables.rates.get(key) ?? []), rate])
  }
  for (const row of await query('SELECT * FROM balances ORDER BY id')) {
    const balance = balanceOf(row)
    tables.balances.set(balanceKey(balance.account, balance.asset, balance.stripe), balance)
  }
  const requests = await query(`SELECT ${REQUEST_COLUMNS} FROM requests r ${REQUEST_JOINS} ORDER BY r.seq`)
  for (const row of requests) tables.requestIds.set(whole(row['seq']), idOf(row))
  const described = readRuns(
    tables,
    await query(
      'SELECT j.*, b.account, b.asset, b.stripe FROM journal j LEFT JOIN balances b ON b.id = j.balance_id ORDER BY j.balance_id, j.first_version',
    ),
    new Set(requests.filter((row) => row['kind'] === 'freeze').map((row) => whole(row['seq']))),
  )
  for (const row of requests) {
    const id = idOf(row)
    if (row['kind'] === 'freeze') {
      const hold = holdOf(row)
      tables.requests.set(id, hold)
      tables.freezes.set(hold.seq, { ...hold, payee: showHoldAsFrozen(hold).payee })
      continue
    }
    const places = postingPlacesOf(row).map(([balance, version]) => described.get(postingKey(balance, version)))
    const postings = places.filter((posting) => posting !== undefined)
    const entry = entryOf(row, postings)
    tables.requests.set(id, row['kind'] === 'charge' ? { ...holdOf(row), charge: entry } : entry)
  }
  for (const row of await query(`SELECT r.*, b.account AS account, b.asset AS asset, ${CHANGE_COLUMNS}
    FROM hold_changes c JOIN requests r ON r.seq = c.hold_seq LEFT JOIN balances b ON b.id = r.balance_id
    LEFT JOIN hold_changes e ON e.hold_seq = c.hold_seq AND e.number = c.end_number`)) {
    const hold = holdOf(row)
    const made = tables.requestBySeq(hold.seq)
    const after = made?.kind === 'freeze' ? { ...hold, charge: made.charge } : hold
    const seq = wholeOrNull(row['change_seq'])
    const step = seq === null ? null : (tables.requestBySeq(seq) as EntryRecord)
    tables.holdChanges.set(changeKey(after.seq, after.changes), { after, step })
  }
  return tables
}

const CHANGE_COLUMNS = [
  columnsOf('c', HOLD_STEPPED.columns, 'change_'),
  columnsOf('e', HOLD_STEPPED.columns, 'end_'),
  AUTHOR_COLUMNS,
].join(', ')

/** @param freezes the numbers of holds. @returns every posting with the names of its balance */
function readRuns(
  { requestIds, postings, runs }: Tables,
  rows: readonly Row[],
  freezes: ReadonlySet<number>,
): ReadonlyMap<string, Posting> {
  const described = new Map<string, Posting>()
  for (const row of rows) {
    const balanceId = whole(row['balance_id'])
    const lines = linesOf(row).map((line) => {
      const { seq, kind } = line
      const id = requestIds.get(seq) ?? ''
      const entryId = freezes.has(seq) && kind !== 'freeze' ? endOfHold(id, kind as 'settle' | 'release') : id
      const names = { account: row['account'] as string, asset: row['asset'] as string, stripe: whole(row['stripe']) }
      const key = postingKey(balanceId, line.version)
      described.set(key, postingOf(line, entryId, names))
      const posting = { ...line, balanceId, entryId }
      postings.set(key, posting)
      return posting
    })
    const [firstVersion, lastVersion] = [whole(row['first_version']), whole(row['last_version'])]
    const { available, held } = lines.at(-1)!
    runs.set(postingKey(balanceId, firstVersion), {
      balanceId,
      firstVersion,
      lastVersion,
      available,
      held,
      postings: lines,
    })
  }
  return described
}
