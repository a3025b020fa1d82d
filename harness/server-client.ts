/** A plain client of a database server: for tests that hold a lock or occupy a connection, and for the server's version. */
import { createConnection } from 'mysql2/promise'
import { Client } from 'pg'

export interface ServerClient {
  query(sql: string): Promise<unknown>
  /** The server's own version string. */
  version(): Promise<string>
  end(): Promise<void>
}

interface VersionRow {
  readonly version: string
}

/** @param url a store URL @throws the driver's error, for example when there are too many connections */
export async function connectTo(url: string): Promise<ServerClient> {
  if (url.startsWith('postgres:')) {
    const client = new Client({ connectionString: url })
    client.on('error', () => undefined)
    await client.connect()
    const version = async (): Promise<string> => {
      const { rows } = await client.query<VersionRow>(`SELECT current_setting('server_version') AS version`)
      return rows[0]!.version
    }
    return { query: (sql) => client.query(sql), version, end: () => client.end() }
  }
  const connection = await createConnection({ uri: url.replace(/^mariadb:/, 'mysql:') })
  connection.on('error', () => undefined)
  return {
    query: (sql) => connection.query(sql),
    version: async () => {
      const [rows] = await connection.query('SELECT VERSION() AS version')
      return (rows as VersionRow[])[0]!.version
    },
    end: async () => connection.destroy(),
  }
}
