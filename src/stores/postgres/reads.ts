/**
 * The reads that commits rest on, by key.
 *
 * Each key has a subquery of its own: a look-up in an index, instead of a join that a planner could turn into a scan of the table.
 * Columns are named, because a prepared `*` fails after a later version has added a column.
 */
import type { QueryConfig } from 'pg'
import type { BalanceName } from '../../domain/balance.ts'
import type { PostingKey } from '../../domain/hold-history.ts'
import type { RatePair } from '../../domain/rate.ts'
import { ASSET } from '../sql/asset-row.ts'
import { BALANCE_OPENED } from '../sql/balance-row.ts'
import { STEP_ENTRY } from '../sql/entry-row.ts'
import { HOLD_OPENED_STEPPED } from '../sql/hold-row.ts'
import { POSTING } from '../sql/posting-row.ts'
import { RATE } from '../sql/rate-row.ts'
import { arrayOf } from './arrays.ts'

type Statement = QueryConfig<unknown[]>

const REQUEST_COLUMNS = [...new Set<string>([...HOLD_OPENED_STEPPED.columns, ...STEP_ENTRY.columns])]

const BALANCE_OF_NAME = 'account = n.account AND asset = n.asset AND stripe = n.stripe'

export function selectBalances(names: readonly BalanceName[]): Statement {
  return {
    name: 'holdfast_balances',
    text: `SELECT b.* FROM unnest($1::text[], $2::text[], $3::bigint[]) AS n (account, asset, stripe)
      CROSS JOIN LATERAL (SELECT ${BALANCE_OPENED.columns.join(', ')} FROM balances WHERE ${BALANCE_OF_NAME} OFFSET 0) b`,
    values: namesOf(names),
  }
}

/** Locks in the order of the ids, one row after the other. A name without a row is not locked: the unique key stops a second insert. */
export function lockBalances(names: readonly BalanceName[]): Statement {
  return {
    name: 'holdfast_lock',
    text: `SELECT FROM (
        SELECT f.id FROM unnest($1::text[], $2::text[], $3::bigint[]) AS n (account, asset, stripe)
        CROSS JOIN LATERAL (SELECT id FROM balances WHERE ${BALANCE_OF_NAME} OFFSET 0) f
        ORDER BY f.id
      ) k
      CROSS JOIN LATERAL (SELECT FROM balances WHERE id = k.id FOR UPDATE) b`,
    values: namesOf(names),
  }
}

function namesOf(names: readonly BalanceName[]): unknown[] {
  return [
    arrayOf(
      'text',
      names.map(({ account }) => account),
    ),
    arrayOf(
      'text',
      names.map(({ asset }) => asset),
    ),
    arrayOf(
      'bigint',
      names.map(({ stripe }) => stripe),
    ),
  ]
}

/** Each row of a hold with the account and asset of its balance. */
export function selectRequests(ids: ReadonlySet<string>): Statement {
  return {
    name: 'holdfast_requests',
    text: `SELECT r.*, b.account, b.asset FROM unnest($1::text[]) AS k (id)
      CROSS JOIN LATERAL (SELECT ${REQUEST_COLUMNS.join(', ')} FROM requests WHERE requests.id = k.id OFFSET 0) r
      LEFT JOIN LATERAL (SELECT account, asset FROM balances WHERE balances.id = r.balance_id OFFSET 0) b ON true`,
    values: [arrayOf('text', [...ids])],
  }
}

export function selectPostings(keys: readonly PostingKey[]): Statement {
  return {
    name: 'holdfast_postings',
    text: `SELECT p.*, b.account, b.asset, b.stripe FROM unnest($1::bigint[], $2::bigint[]) AS k (balance_id, version)
      CROSS JOIN LATERAL (
        SELECT ${POSTING.columns.join(', ')} FROM postings
        WHERE postings.balance_id = k.balance_id AND postings.version = k.version OFFSET 0
      ) p
      CROSS JOIN LATERAL (SELECT account, asset, stripe FROM balances WHERE balances.id = p.balance_id OFFSET 0) b`,
    values: [
      arrayOf(
        'bigint',
        keys.map(([balanceId]) => balanceId),
      ),
      arrayOf(
        'bigint',
        keys.map(([, version]) => version),
      ),
    ],
  }
}

export function selectAssets(codes: ReadonlySet<string>): Statement {
  return {
    name: 'holdfast_assets',
    text: `SELECT ${ASSET.columns.join(', ')} FROM assets WHERE code = ANY ($1::text[])`,
    values: [arrayOf('text', [...codes])],
  }
}

/** The newest rate of each pair. */
export function selectRates(pairs: readonly RatePair[]): Statement {
  return {
    name: 'holdfast_rates',
    text: `SELECT r.* FROM unnest($1::text[], $2::text[]) AS n (from_asset, to_asset)
      CROSS JOIN LATERAL (
        SELECT ${RATE.columns.join(', ')} FROM rates
        WHERE rates.from_asset = n.from_asset AND rates.to_asset = n.to_asset ORDER BY version DESC LIMIT 1
      ) r`,
    values: [
      arrayOf(
        'text',
        pairs.map(({ from }) => from),
      ),
      arrayOf(
        'text',
        pairs.map(({ to }) => to),
      ),
    ],
  }
}
