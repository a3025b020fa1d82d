/**
 * A PostgreSQL server that is asked. Each question has a transaction of its own, which is READ ONLY, and whose settings end with it: a
 * pooler may give the server's connection to another program afterwards.
 */
import { Client, DatabaseError } from 'pg'
import { clientConfig } from '../../stores/postgres/connection.ts'
import { faultOf } from '../../stores/postgres/errors.ts'
import type { PostgresUrl } from '../../stores/postgres/url.ts'
import type { Query } from '../../stores/sql/dialect.ts'
import { whole, type Row } from '../../stores/sql/values.ts'
import { QUESTION_MS_MAX, Refusal, type RefusalKind, type Respondent } from '../examination.ts'

/** The server cancels a statement first. */
const ANSWER_MARGIN_MS = 1_000

const KINDS: Readonly<Record<string, RefusalKind>> = {
  '42501': 'rights', // insufficient_privilege
  '55P03': 'time', // lock_not_available
  '57014': 'time', // query_canceled
  '0A000': 'absent', // feature_not_supported
  '42703': 'absent', // undefined_column
  '42704': 'absent', // undefined_object
  '42883': 'absent', // undefined_function
  '42P01': 'absent', // undefined_table
}

export class PostgresRespondent implements Respondent {
  readonly rightsRemedy = 'Run doctor as an administrator, or: GRANT pg_monitor TO USER'
  readonly #url: PostgresUrl
  #client: Client | null
  /** Why no other connection could be opened: the questions that are left are not tried. */
  #lost: Refusal | null = null

  /** @throws Fault `store_unavailable`, `store_misconfigured` */
  static async open(url: PostgresUrl): Promise<PostgresRespondent> {
    return new PostgresRespondent(url, await connected(url))
  }

  private constructor(url: PostgresUrl, client: Client) {
    this.#url = url
    this.#client = client
  }

  readonly query: Query = async (sql, parameters) => {
    if (this.#lost !== null) throw this.#lost
    try {
      this.#client ??= await connected(this.#url)
      return await this.#ask(this.#client, sql, parameters)
    } catch (error) {
      const refusal = refusalOf(error)
      if (this.#client === null) this.#lost = refusal
      if (refusal.kind === 'lost' || refusal.cause === undefined) this.#giveUp()
      throw refusal
    }
  }

  /**
   * Whether the other end gives each transaction any connection of the server, as a pooler does that shares them. Not every pooler that shares
   * is found.
   */
  async sharesConnections(): Promise<boolean> {
    const first = await this.#backendId()
    if (first === (this.#client as (Client & { readonly processID: number | null }) | null)?.processID) return false
    const other = await connected(this.#url).catch(() => null)
    if (other === null) return false
    try {
      // It takes the connection that was used last. A pooler that keeps connections may have none left for it.
      const hasBegun = await other.query('BEGIN READ ONLY; SELECT 1').then(
        () => true,
        () => false,
      )
      // A pooler that shares one connection has none for the first one now.
      return hasBegun && (await this.#backendId().catch(() => null)) !== first
    } finally {
      void other.end().catch(() => undefined)
    }
  }

  async #backendId(): Promise<number> {
    const [row] = await this.query('SELECT pg_backend_pid() AS id', [])
    return whole(row!['id'])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client?.end().catch(() => undefined)
  }

  async #ask(client: Client, sql: string, parameters: readonly unknown[]): Promise<readonly Row[]> {
    await client.query(
      `BEGIN READ ONLY; SET LOCAL statement_timeout = ${QUESTION_MS_MAX}; SET LOCAL lock_timeout = ${QUESTION_MS_MAX}`,
    )
    try {
      const { schema } = this.#url
      if (schema !== null) await client.query("SELECT set_config('search_path', $1, true)", [schema])
      return (await client.query<Row>(sql, [...parameters])).rows
    } finally {
      await client.query('ROLLBACK')
    }
  }

  #giveUp(): void {
    void this.#client?.end().catch(() => undefined)
    this.#client = null
  }
}

async function connected(url: PostgresUrl): Promise<Client> {
  const client = new Client({
    ...clientConfig(url, 'read'),
    application_name: 'holdfast doctor',
    query_timeout: QUESTION_MS_MAX + ANSWER_MARGIN_MS,
    pipeline: false,
  })
  // The pending question gets the error of a broken connection. Without a listener, the error event would end the process.
  client.on('error', () => undefined)
  try {
    await client.connect()
    return client
  } catch (error) {
    void client.end().catch(() => undefined)
    throw faultOf(error)
  }
}

/** The driver's own limit leaves an answer on its way, so the connection is of no more use: such a refusal has no cause. */
function refusalOf(error: unknown): Refusal {
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof DatabaseError)) return new Refusal(/timeout/i.test(message) ? 'time' : 'lost', message)
  return new Refusal(KINDS[error.code ?? ''] ?? 'failed', `${message} (${error.code})`, { cause: error })
}
