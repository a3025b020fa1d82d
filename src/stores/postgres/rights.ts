/** The rights of the serving user on the tables: all that commits need, or an error that names the missing ones. */
import { Fault } from '../../engine/faults.ts'
import type { Row } from '../sql/values.ts'
import { SERVER_STATE } from './standbys.ts'

/** As the PostgreSQL guide grants them. */
const RIGHTS: Readonly<Record<string, readonly string[]>> = {
  'SELECT, INSERT, UPDATE': ['accounts', 'standings', 'assets', 'balances', 'api_keys'],
  'SELECT, INSERT': ['journal', 'requests', 'hold_changes', 'house_accounts', 'rates', 'feed', 'actors'],
  'SELECT, INSERT, DELETE': ['commits'],
}

const PAIRS = Object.entries(RIGHTS).flatMap(([rights, tables]) =>
  tables.flatMap((table) => rights.split(', ').map((right) => `('${table}', '${right}')`)),
)

/** One row, which also has what `requirePrimary` needs. A missing table is an error. */
export const SELECT_RIGHTS = {
  name: 'holdfast_rights',
  text: `SELECT ${SERVER_STATE},
    (SELECT string_agg(name || ' (' || kind || ')', ', ') FROM (VALUES ${PAIRS.join(', ')}) AS needed (name, kind)
      WHERE NOT CASE kind WHEN 'DELETE' THEN has_table_privilege(name, kind) ELSE has_any_column_privilege(name, kind) END) AS missing`,
}

/** @throws Fault `store_misconfigured` */
export function requireRights(row: Row): void {
  const missing = row['missing']
  if (typeof missing !== 'string') return
  const message = `PostgreSQL does not let this user use ${missing}. Grant it its rights; the PostgreSQL guide lists them.`
  throw new Fault('store_misconfigured', message)
}
