/** A MySQL or MariaDB server that is asked, on a connection that can only read. */
import { format } from 'mysql2'
import { MysqlConnection } from '../../stores/mysql/connection.ts'
import { MysqlFailure } from '../../stores/mysql/errors.ts'
import type { Flavour, ServerFacts } from '../../stores/mysql/server.ts'
import type { MysqlAddress, MysqlTuning } from '../../stores/mysql/url.ts'
import type { Query } from '../../stores/sql/dialect.ts'
import { QUESTION_MS_MAX, Refusal, type RefusalKind, type Respondent } from '../examination.ts'

/** The server cancels a statement first. */
const ANSWER_MARGIN_MS = 1_000

const KINDS: ReadonlyMap<number, RefusalKind> = new Map([
  ...[1044, 1045, 1142, 1143, 1227, 1370].map((errno) => [errno, 'rights'] as const),
  ...[1317, 1969, 3024].map((errno) => [errno, 'time'] as const),
  // An unknown column, table, variable or statement.
  ...[1054, 1064, 1109, 1128, 1146, 1193].map((errno) => [errno, 'absent'] as const),
])

export class MysqlRespondent implements Respondent {
  readonly rightsRemedy: string
  readonly #address: MysqlAddress
  readonly #tuning: MysqlTuning
  #connection: MysqlConnection | null
  /** Why no other connection could be opened: the questions that are left are not tried. */
  #lost: Refusal | null = null

  /** @throws Fault `store_unavailable`, `store_misconfigured` */
  static async open(address: MysqlAddress, tuning: MysqlTuning): Promise<MysqlRespondent> {
    // An engine or version that Holdfast refuses is a finding.
    const any = { ...address, allowUnsupported: true }
    return new MysqlRespondent(any, tuning, await readingConnection(any, tuning))
  }

  private constructor(address: MysqlAddress, tuning: MysqlTuning, connection: MysqlConnection) {
    this.#address = address
    this.#tuning = tuning
    this.#connection = connection
    this.server = connection.server
    this.rightsRemedy = rightsRemedyOf(connection.server.flavour)
  }

  readonly query: Query = async (sql, parameters) => {
    if (this.#lost !== null) throw this.#lost
    try {
      const text = parameters.length === 0 ? sql : format(sql, parameters as (string | number | null)[])
      const [reply] = await (await this.#usable()).run([text], QUESTION_MS_MAX + ANSWER_MARGIN_MS)
      return reply!.rows
    } catch (error) {
      const refusal = refusalOf(error)
      if (this.#connection === null) this.#lost = refusal
      // After an answer with an error, only the next answer shows that no transaction is open.
      else await this.#connection.run(['ROLLBACK'], ANSWER_MARGIN_MS).catch(() => undefined)
      throw refusal
    }
  }

  /** As it was when the examination began. */
  readonly server: ServerFacts;

  [Symbol.asyncDispose](): Promise<void> {
    this.#connection?.destroy()
    return Promise.resolve()
  }

  /** A slow answer costs the connection; the next question opens another one. */
  async #usable(): Promise<MysqlConnection> {
    if (this.#connection?.isReusable !== true) {
      this.#connection?.destroy()
      this.#connection = null
      this.#connection = await readingConnection(this.#address, this.#tuning)
    }
    return this.#connection
  }
}

/** Every transaction on it is READ ONLY, so the server refuses whatever would change rows or tables. */
async function readingConnection(address: MysqlAddress, tuning: MysqlTuning): Promise<MysqlConnection> {
  const connection = await MysqlConnection.open(address, tuning, 'reader')
  const limit: Readonly<Record<Flavour, string>> = {
    // Without the second one, MySQL 8 shows sizes of tables that may be a day old.
    mysql: `/*!50708 SET SESSION max_execution_time = ${QUESTION_MS_MAX} */ /*!80000 , information_schema_stats_expiry = 0 */`,
    mariadb: `SET SESSION max_statement_time = ${QUESTION_MS_MAX / 1_000}`,
  }
  try {
    await connection.run(['SET SESSION TRANSACTION READ ONLY', limit[connection.server.flavour]])
    return connection
  } catch (error) {
    connection.destroy()
    throw error
  }
}

function refusalOf(error: unknown): Refusal {
  const message = error instanceof Error ? error.message : String(error)
  if (!(error instanceof MysqlFailure)) return new Refusal('lost', message, { cause: error })
  if (!error.reported) {
    return new Refusal(/did not answer within/.test(message) ? 'time' : 'lost', message, { cause: error })
  }
  return new Refusal(KINDS.get(error.errno) ?? 'failed', message, { cause: error })
}

function rightsRemedyOf(flavour: Flavour): string {
  const grants = ['GRANT PROCESS ON *.* TO USER']
  if (flavour === 'mysql') grants.push('GRANT REPLICATION CLIENT ON *.* TO USER')
  else grants.push('GRANT SLAVE MONITOR ON *.* TO USER')
  grants.push('GRANT SELECT ON performance_schema.* TO USER')
  return `Run doctor as an administrator, or: ${grants.join('; ')}`
}
