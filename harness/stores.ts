/**
 * The stores that tests run on: embedded stores always, a server when its environment variable names one.
 *
 * `HOLDFAST_TEST_STORES=sqlite,memory` requests exactly these stores. A requested store that is missing is an error, so that no suite
 * passes because it skipped a database.
 */

export interface StoreRow {
  readonly name: string
  /** The environment variable with the server's URL; null for an embedded store. */
  readonly variable: string | null
}

export interface StoreUnderTest {
  readonly name: string
  /** The server's URL; null for an embedded store. */
  readonly server: string | null
}

export interface Discovery {
  readonly found: readonly StoreUnderTest[]
  readonly missing: readonly StoreRow[]
}

/** Every known store; a server has a variable. */
export const STORES: readonly StoreRow[] = [
  { name: 'memory', variable: null },
  { name: 'sqlite', variable: null },
  { name: 'mysql', variable: 'HOLDFAST_TEST_MYSQL_URL' },
  { name: 'mariadb', variable: 'HOLDFAST_TEST_MARIADB_URL' },
  { name: 'postgres', variable: 'HOLDFAST_TEST_POSTGRES_URL' },
]

type Environment = Readonly<Record<string, string | undefined>>

/** @throws Error when an unknown or missing store was requested */
export function discoverStores(environment: Environment = process.env, rows = STORES): Discovery {
  const asked = namesAsked(environment['HOLDFAST_TEST_STORES'])
  const unknown = asked?.filter((name) => !rows.some((row) => row.name === name)) ?? []
  if (unknown.length > 0) {
    const known = rows.map(({ name }) => name).join(', ')
    throw new Error(`HOLDFAST_TEST_STORES requests ${unknown.join(', ')}; the stores are ${known}.`)
  }

  const found: StoreUnderTest[] = []
  const missing: StoreRow[] = []
  for (const row of rows) {
    const server = row.variable === null ? null : environment[row.variable]
    if (asked !== null && !asked.includes(row.name)) continue
    // An empty value, as CI systems set it, counts as not set.
    if (server === undefined || server === '') missing.push(row)
    else found.push({ name: row.name, server })
  }

  if (asked !== null && missing.length > 0) {
    const reasons = missing.map(({ name, variable }) => `${name} (${variable} is not set)`)
    throw new Error(`HOLDFAST_TEST_STORES requests missing stores: ${reasons.join(', ')}.`)
  }
  return { found, missing }
}

export interface ServerUnderTest {
  /** Null when the tests should not use it. */
  readonly url: string | null
  /** Why it is null, as test reports show it. */
  readonly reason: string
}

/** The server of one store. @throws as `discoverStores` */
export function serverUnderTest(name: string): ServerUnderTest {
  const { found, missing } = discoverStores()
  const variable = missing.find((row) => row.name === name)?.variable
  const reason = variable === undefined ? `HOLDFAST_TEST_STORES excludes ${name}` : `${variable} is not set`
  return { url: found.find((store) => store.name === name)?.server ?? null, reason }
}

/** Whether HOLDFAST_TEST_STORES lists the store; null when the variable is not set, so that every store found is tested. */
export function isAskedFor(name: string, environment: Environment = process.env): boolean | null {
  return namesAsked(environment['HOLDFAST_TEST_STORES'])?.includes(name) ?? null
}

function namesAsked(list: string | undefined): readonly string[] | null {
  const names = (list ?? '')
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '')
  return names.length === 0 ? null : names
}
