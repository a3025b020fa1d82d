/**
 * The reads that commits rest on, by key.
 *
 * Each key has a subquery of its own: a look-up in an index, instead of a join that a planner could turn into a scan of the table.
 * Columns are named, because a prepared `*` of a table fails after a later version has added a column.
 */
import type { QueryConfig } from 'pg'
import type { BalanceName } from '../../domain/balance.ts'
import type { RatePair } from '../../domain/rate.ts'
import { ASSET } from '../sql/asset-row.ts'
import { BALANCE_OPENED } from '../sql/balance-row.ts'
import { CHARGE, STEP_ENTRY } from '../sql/entry-row.ts'
import { HOLD_OPENED, HOLD_STEPPED } from '../sql/hold-row.ts'
import { HOUSE } from '../sql/house-row.ts'
import { RATE } from '../sql/rate-row.ts'
import { requestKey } from '../sql/request-key.ts'
import { REQUEST_COLUMNS } from '../sql/request-select.ts'
import { RUN } from '../sql/run-row.ts'
import { STANDING_NEW } from '../sql/standing-row.ts'
import type { RunPlace } from '../sql/snapshot-rows.ts'
import { arrayOf } from './arrays.ts'

type Statement = QueryConfig<unknown[]>

const AUTHOR_OF_CHANGE = ['actor', 'trace']

const REQUEST_COLUMNS_READ = new Set<string>([...HOLD_OPENED.columns, ...STEP_ENTRY.columns, ...CHARGE.columns])
const REQUESTS = `SELECT ${[...REQUEST_COLUMNS_READ].join(', ')} FROM requests`
const HOLD_CHANGES = `SELECT ${[...HOLD_STEPPED.columns, ...AUTHOR_OF_CHANGE].join(', ')} FROM hold_changes`

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

/** The keys of those balances that another transaction has locked. In a query of its own, so that it keeps no lock. */
export function selectLocked(balances: ReadonlyMap<string, BalanceName>): Statement {
  return {
    name: 'holdfast_locked',
    text: `SELECT f.place FROM unnest($1::text[], $2::text[], $3::bigint[]) WITH ORDINALITY AS n (account, asset, stripe, place)
      CROSS JOIN LATERAL (SELECT n.place, id FROM balances WHERE ${BALANCE_OF_NAME} OFFSET 0) f
      WHERE NOT EXISTS (SELECT FROM balances b WHERE b.id = f.id FOR UPDATE SKIP LOCKED)`,
    values: namesOf([...balances.values()]),
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

/** Joined as by `REQUEST_JOINS`. The last change of a hold is found at the end of its range of keys. */
export function selectRequests(ids: ReadonlySet<string>): Statement {
  return {
    name: 'holdfast_requests',
    text: `SELECT ${REQUEST_COLUMNS} FROM unnest($1::bytea[]) AS k (id)
      CROSS JOIN LATERAL (${REQUESTS} WHERE id = k.id OFFSET 0) r
      LEFT JOIN LATERAL (${REQUESTS} WHERE seq = r.hold_seq OFFSET 0) h ON true
      LEFT JOIN LATERAL (
        SELECT account, asset FROM balances WHERE id = COALESCE(r.balance_id, h.balance_id) OFFSET 0
      ) b ON true
      LEFT JOIN LATERAL (
        ${HOLD_CHANGES} WHERE hold_seq = COALESCE(r.hold_seq, r.seq)
          AND number BETWEEN COALESCE(r.hold_number, 1) AND COALESCE(r.hold_number, ${Number.MAX_SAFE_INTEGER})
        ORDER BY number DESC LIMIT 1
      ) c ON true
      LEFT JOIN LATERAL (${HOLD_CHANGES} WHERE hold_seq = c.hold_seq AND number = c.end_number OFFSET 0) e ON true`,
    values: [arrayOf('bytea', [...ids].map(requestKey))],
  }
}

/** Each run with the names of its balance. */
export function selectRuns(places: readonly RunPlace[]): Statement {
  return {
    name: 'holdfast_runs',
    text: `SELECT j.*, b.account, b.asset, b.stripe FROM unnest($1::bigint[], $2::bigint[]) AS k (balance_id, first_version)
      CROSS JOIN LATERAL (
        SELECT ${RUN.columns.join(', ')} FROM journal
        WHERE journal.balance_id = k.balance_id AND journal.first_version = k.first_version OFFSET 0
      ) j
      CROSS JOIN LATERAL (SELECT account, asset, stripe FROM balances WHERE balances.id = j.balance_id OFFSET 0) b`,
    values: [
      arrayOf(
        'bigint',
        places.map(([balanceId]) => balanceId),
      ),
      arrayOf(
        'bigint',
        places.map(([, firstVersion]) => firstVersion),
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

export function selectHouses(accounts: ReadonlySet<string>): Statement {
  return {
    name: 'holdfast_houses',
    text: `SELECT ${HOUSE.columns.join(', ')} FROM house_accounts WHERE account = ANY ($1::text[])`,
    values: [arrayOf('text', [...accounts])],
  }
}

export function selectStandings(accounts: ReadonlySet<string>): Statement {
  return {
    name: 'holdfast_standings',
    text: `SELECT s.* FROM unnest($1::text[]) AS n (account)
      CROSS JOIN LATERAL (SELECT ${STANDING_NEW.columns.join(', ')} FROM standings WHERE standings.account = n.account OFFSET 0) s`,
    values: [arrayOf('text', [...accounts])],
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
