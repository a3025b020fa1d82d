/** A scratch database on a PostgreSQL server. */
import { randomBytes } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import { Client } from 'pg'
import type { Row } from '../../src/stores/sql/values.ts'
import type { Ground } from './ground.ts'

/** The number of attempts to find a running statement. */
const LOOKS_MAX = 50
const LOOK_MS = 2
/** How long the stranger waits for the rows that it wants to keep. */
const LOCK_WAIT_MS = 2_000

export async function openPostgresGround(stores: readonly string[]): Promise<Ground> {
  const name = `holdfast_live_${process.pid}_${randomBytes(4).toString('hex')}`
  await administer(stores[0]!, `CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`)
  const urls = stores.map((store) => Object.assign(new URL(store), { pathname: `/${name}` }).href)
  const admins = await Promise.all(urls.map(connect))
  const close = async (): Promise<void> => {
    for (const admin of admins) await admin.end()
  }
  return {
    name,
    urls,
    protocol: 'postgres',
    addresses: stores.map((store) => {
      const { hostname, port } = new URL(store)
      return { host: hostname || '127.0.0.1', port: Number(port || '5432') }
    }),
    query: async (sql) => (await admins[0]!.query<Row>(sql)).rows,
    end: async (what, server, chance) => {
      const running = chance.likely(0.7) ? `AND state <> 'idle'` : ''
      const all = `SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'holdfast' ${running} ORDER BY pid`
      for (let look = 0; look < LOOKS_MAX; look++) {
        const { rows } = await admins[server]!.query<{ pid: number }>(all)
        if (rows.length > 0) {
          const end = what === 'query' ? 'pg_cancel_backend' : 'pg_terminate_backend'
          await admins[server]!.query(`SELECT ${end}($1)`, [chance.pick(rows).pid])
          return true
        }
        await sleep(LOOK_MS)
      }
      return false
    },
    lockOut: async (account, ms) => {
      const stranger = await connect(urls[0]!)
      try {
        await stranger.query(`SET lock_timeout = ${LOCK_WAIT_MS}`)
        await stranger.query('BEGIN')
        await stranger.query('SELECT FROM balances WHERE account = $1 FOR UPDATE', [account])
        await sleep(ms)
        await stranger.query('ROLLBACK')
      } finally {
        await stranger.end()
      }
    },
    drop: async () => {
      await close()
      await administer(stores[0]!, `DROP DATABASE ${name} WITH (FORCE)`)
    },
    close,
  }
}

async function connect(url: string): Promise<Client> {
  const own = new URL(url)
  own.search = ''
  const client = new Client({ connectionString: own.href, application_name: 'live-ground' })
  client.on('error', () => undefined)
  await client.connect()
  return client
}

async function administer(url: string, statement: string): Promise<void> {
  const client = await connect(Object.assign(new URL(url), { pathname: '/postgres' }).href)
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}
