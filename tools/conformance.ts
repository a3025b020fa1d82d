/**
 * Runs the conformance suite of the stores on a server of yours: `npm run conformance -- --store URL`
 *
 * The URL is that of a server whose user may create and drop databases: `postgres://postgres@127.0.0.1:5432/postgres`, `mysql://root@127.0.0.1:3306`,
 * `mariadb://…`. The tests make databases of their own, whose names begin with `holdfast_test_`, and drop them. An engine that Holdfast refuses by name
 * needs `?allowUnsupported=true` in the URL. Exits 0 if every test passed.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'

interface Suite {
  readonly name: string
  readonly variable: string
  readonly file: string
}

const SUITES: Readonly<Record<string, Suite>> = {
  'mysql:': { name: 'mysql', variable: 'HOLDFAST_TEST_MYSQL_URL', file: 'mysql.test.ts' },
  'mariadb:': { name: 'mariadb', variable: 'HOLDFAST_TEST_MARIADB_URL', file: 'mysql.test.ts' },
  'postgres:': { name: 'postgres', variable: 'HOLDFAST_TEST_POSTGRES_URL', file: 'postgres.test.ts' },
  'postgresql:': { name: 'postgres', variable: 'HOLDFAST_TEST_POSTGRES_URL', file: 'postgres.test.ts' },
}

const { values } = parseArgs({ options: { store: { type: 'string' } } })
const store = values.store ?? ''
const suite = SUITES[store.slice(0, store.indexOf(':') + 1)]
if (suite === undefined) {
  process.stderr.write('--store must be the URL of a server: postgres://…, mysql://… or mariadb://….\n')
  process.exitCode = 2
} else {
  process.exitCode = await run(suite, store)
}

async function run({ name, variable, file }: Suite, url: string): Promise<number> {
  const root = resolve(import.meta.dirname, '..')
  const child = spawn(process.execPath, ['tools/test.ts', `test/conformance/${file}`], {
    cwd: root,
    env: { ...process.env, HOLDFAST_TEST_STORES: name, [variable]: url },
    stdio: 'inherit',
  })
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return exitCode ?? 1
}
