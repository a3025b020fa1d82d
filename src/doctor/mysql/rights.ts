/** The rights of the user of the store URL on the tables, as the guide to MySQL grants them. */
import type { Examination } from '../examination.ts'
import { finding } from '../finding.ts'

const WRITES: Readonly<Record<string, readonly string[]>> = {
  'INSERT, UPDATE': ['accounts', 'standings', 'assets', 'balances', 'api_keys'],
  INSERT: ['requests', 'hold_changes', 'house_accounts', 'journal', 'rates', 'feed', 'actors'],
  'INSERT, DELETE': ['commits'],
}

/** Statements that are never run: the server checks the rights for them and explains its plan. It refuses even that in a READ ONLY transaction, after the rights. */
const EXPLAIN: Readonly<Record<string, (table: string) => string>> = {
  SELECT: (table) => `EXPLAIN SELECT * FROM ${table} WHERE FALSE`,
  INSERT: (table) => `EXPLAIN INSERT INTO ${table} SELECT * FROM ${table} WHERE FALSE`,
  UPDATE: (table) => `EXPLAIN UPDATE ${table} SET ${UPDATED[table]} = ${UPDATED[table]} WHERE FALSE`,
  DELETE: (table) => `EXPLAIN DELETE FROM ${table} WHERE FALSE`,
}

const UPDATED: Readonly<Record<string, string>> = {
  accounts: 'metadata',
  api_keys: 'name',
  assets: 'name',
  balances: 'version',
  standings: 'version',
}

export async function examineMysqlRights(examination: Examination): Promise<void> {
  const missing: string[] = []
  for (const [rights, tables] of Object.entries(WRITES)) {
    for (const table of tables) {
      for (const right of ['SELECT', ...rights.split(', ')]) {
        const refusal = await examination.refusalOf(EXPLAIN[right]!(table))
        if (refusal?.kind === 'rights') missing.push(`${right} ON ${table}`)
      }
    }
  }
  if (missing.length === 0) {
    examination.add(finding('rights.missing', 'fine', { value: 'this user may do what a service does' }))
    return
  }
  const remedy = missing.map((right) => `GRANT ${right} TO USER`).join('; ')
  examination.add(finding('rights.missing', 'broken', { value: `missing: ${missing.join(', ')}`, remedy }))
}
