/** Every row in the database of a live run, in the form of the model. */
import { balanceKey } from '../../src/domain/balance.ts'
import type { PostingRecord } from '../../src/domain/journal.ts'
import { rateKey } from '../../src/domain/rate.ts'
import { postingKey, stepKey, Tables } from '../../src/stores/memory/tables.ts'
import { rateOf } from '../../src/stores/sql/rate-row.ts'
import { assetOf } from '../../src/stores/sql/asset-row.ts'
import { balanceOf } from '../../src/stores/sql/balance-row.ts'
import { entryOf, postingKeysOf } from '../../src/stores/sql/entry-row.ts'
import { holdOf } from '../../src/stores/sql/hold-row.ts'
import { postingOf } from '../../src/stores/sql/posting-row.ts'
import { metadataOf, whole, type Row } from '../../src/stores/sql/values.ts'
import type { Ground } from './ground.ts'

/** Called when no process writes any more. */
export async function readTables(ground: Ground): Promise<Tables> {
  const tables = new Tables()
  const query: Ground['query'] = (sql) => ground.query(sql)
  for (const row of await query('SELECT * FROM assets ORDER BY created_at, code')) {
    tables.assets.set(row['code'] as string, assetOf(row))
  }
  for (const row of await query('SELECT * FROM accounts')) {
    tables.accounts.set(row['account'] as string, metadataOf(row['metadata'])!)
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
  for (const row of await query('SELECT hold, step, entry_id FROM hold_steps ORDER BY hold, step')) {
    tables.holdSteps.set(stepKey(row['hold'] as string, whole(row['step'])), row['entry_id'] as string)
  }
  const lines = new Map<string, Row>()
  for (const row of await query(
    'SELECT p.*, b.account, b.asset, b.stripe FROM postings p LEFT JOIN balances b ON b.id = p.balance_id ORDER BY p.balance_id, p.version',
  )) {
    const key = postingKey(whole(row['balance_id']), whole(row['version']))
    lines.set(key, row)
    tables.postings.set(key, recordOf(row))
  }
  for (const row of await query(
    'SELECT r.*, b.account, b.asset FROM requests r LEFT JOIN balances b ON b.id = r.balance_id ORDER BY r.id',
  )) {
    const id = row['id'] as string
    if (row['kind'] === 'freeze') tables.requests.set(id, holdOf(row))
    else {
      const keys = postingKeysOf(row).map(([balance, version]) => postingKey(balance, version))
      const found = keys.map((key) => lines.get(key)).filter((line) => line !== undefined)
      tables.requests.set(id, entryOf(row, found.map(postingOf)))
    }
  }
  return tables
}

function recordOf(row: Row): PostingRecord {
  const { account: _a, asset: _b, stripe: _c, ...posting } = postingOf(row)
  return { ...posting, balanceId: whole(row['balance_id']) }
}
