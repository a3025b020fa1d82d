/** A scratch database on a MySQL or MariaDB server, or on several nodes of a cluster. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { createConnection, type Connection } from 'mysql2/promise'
import type { Row } from '../../src/stores/sql/values.ts'
import type { Ground } from './ground.ts'

/** The number of attempts to find a running statement. */
const LOOKS_MAX = 50
const LOOK_MS = 2
/** How long the stranger waits for the rows that it wants to keep. */
const LOCK_WAIT_SECONDS = 2

const ERROR_NO_SUCH_THREAD = 1094

export async function openMysqlGround(stores: readonly string[]): Promise<Ground> {
  const name = `holdfast_live_${process.pid}_${randomBytes(4).toString('hex')}`
  // The administrators use no database, so they are not among the connections of the scratch database.
  const admins = await Promise.all(stores.map(connect))
  await admins[0]!.query(`CREATE DATABASE ${name}`)
  const urls = stores.map((store) => Object.assign(new URL(store), { pathname: `/${name}` }).href)
  const close = async (): Promise<void> => {
    for (const admin of admins) await admin.end()
  }
  return {
    name,
    // Also the smallest batch runs ahead of its turn.
    urls: urls.map((url) => `${url}?ahead_rows_min=1`),
    protocol: 'mysql',
    addresses: stores.map((store) => {
      const { hostname, port } = new URL(store)
      return { host: hostname, port: Number(port || '3306') }
    }),
    query: async (sql) => {
      const reader = await connect(urls[0]!)
      try {
        return await rowsOf(reader, sql)
      } finally {
        await reader.end()
      }
    },
    end: async (what, server, chance) => {
      const admin = admins[server]!
      const isPatient = chance.likely(0.7)
      for (let look = 0; look < LOOKS_MAX; look++) {
        const running = isPatient ? `AND command <> 'Sleep'` : ''
        const rows = await rowsOf(
          admin,
          `SELECT id FROM information_schema.processlist WHERE db = '${name}' ${running} ORDER BY id`,
        )
        if (rows.length > 0) return await kill(admin, what, Number(chance.pick(rows)['id'] ?? 0))
        await sleep(LOOK_MS)
      }
      return false
    },
    lockOut: async (account, ms) => {
      const stranger = await connect(stores[0]!)
      try {
        await stranger.query(`SET SESSION innodb_lock_wait_timeout = ${LOCK_WAIT_SECONDS}`)
        await stranger.query('BEGIN')
        await stranger.query(`SELECT id FROM ${name}.balances WHERE account = ? FOR UPDATE`, [account])
        await sleep(ms)
        await stranger.query('ROLLBACK')
      } finally {
        stranger.destroy()
      }
    },
    drop: async () => {
      await admins[0]!.query(`DROP DATABASE ${name}`)
      await close()
    },
    close,
  }
}

async function connect(store: string): Promise<Connection> {
  const uri = new URL(store)
  if (uri.pathname !== '' && !uri.pathname.startsWith('/holdfast_live_')) uri.pathname = '/'
  uri.protocol = 'mysql:'
  uri.search = ''
  const connection = await createConnection({ uri: uri.href, supportBigNumbers: true, bigNumberStrings: true })
  // A lost connection also rejects the pending query. An unhandled `error` event would end the process.
  connection.on('error', () => undefined)
  return connection
}

async function rowsOf(connection: Connection, sql: string): Promise<readonly Row[]> {
  const [rows] = await connection.query(sql)
  // MySQL returns the column names of its system tables in upper case.
  return (rows as Row[]).map((row) => Object.fromEntries(Object.entries(row).map(([key, v]) => [key.toLowerCase(), v])))
}

/** @returns false when the thread had already ended */
async function kill(admin: Connection, what: 'query' | 'connection', thread: number): Promise<boolean> {
  try {
    await admin.query(`KILL ${what === 'query' ? 'QUERY' : 'CONNECTION'} ${thread}`)
    return true
  } catch (error) {
    if ((error as { errno?: number }).errno === ERROR_NO_SUCH_THREAD) return false
    throw error
  }
}
