/** The PostgreSQL server under test, if the environment names one, and scratch databases on it. */
import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { serverUnderTest } from './stores.ts'

/** Null without a server under test. */
const { url: POSTGRES_SERVER, reason: REASON } = serverUnderTest('postgres')

/** Why tests that need the server are skipped; false when they run. */
export const WITHOUT_POSTGRES = POSTGRES_SERVER === null && REASON

/** ReadyForQuery outside of a transaction, as bytes on the wire: the transaction before it was committed or rolled back. */
export const TRANSACTION_ENDED = Buffer.from('Z\0\0\0\x05I', 'latin1')

export class PostgresDatabase implements AsyncDisposable {
  readonly name: string
  /** An administrator connection to the database. */
  readonly client: Client
  readonly #url: URL

  private constructor(name: string, url: URL, client: Client) {
    this.name = name
    this.#url = url
    this.client = client
  }

  static async create(): Promise<PostgresDatabase> {
    if (POSTGRES_SERVER === null) throw new Error(REASON)
    const name = `holdfast_test_${randomBytes(6).toString('hex')}`
    await administer((client) => client.query(`CREATE DATABASE ${name} ENCODING 'UTF8' TEMPLATE template0`))
    const url = new URL(POSTGRES_SERVER)
    url.pathname = name
    const client = new Client({ connectionString: url.href })
    await client.connect()
    return new PostgresDatabase(name, url, client)
  }

  /** Host and port of the server. */
  get address(): { readonly host: string; readonly port: number } {
    return { host: this.#url.hostname || '127.0.0.1', port: Number(this.#url.port || '5432') }
  }

  /** A store URL with these options, optionally through a port on loopback or as another user. */
  url(
    options: Readonly<Record<string, string | number>> = {},
    by: { readonly port?: number; readonly user?: string } = {},
  ): string {
    const url = new URL(this.#url)
    if (by.port !== undefined) {
      url.hostname = '127.0.0.1'
      url.port = String(by.port)
    }
    if (by.user !== undefined) url.username = by.user
    for (const [name, value] of Object.entries(options)) url.searchParams.set(name, String(value))
    return url.href
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client.end()
    await administer((client) => client.query(`DROP DATABASE ${this.name} WITH (FORCE)`))
  }
}

/** Runs statements on the server, outside of the scratch databases. */
export async function administer<Result>(action: (client: Client) => Promise<Result>): Promise<Result> {
  const client = new Client({ connectionString: POSTGRES_SERVER! })
  await client.connect()
  try {
    return await action(client)
  } finally {
    await client.end()
  }
}
