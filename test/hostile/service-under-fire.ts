/** The real service on a real socket over one of the stores, with direct access to its books. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { Agent, request as httpRequest } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { FastifyInstance } from 'fastify'
import { pino } from 'pino'
import { SCOPES } from '../../src/access/scope.ts'
import { LedgerKeys } from '../../src/api/ledger-keys.ts'
import { isProblemCode } from '../../src/api/problems.ts'
import { forwardOf } from '../../src/domain/journal.ts'
import { Engine } from '../../src/engine/engine.ts'
import type { HttpLimits } from '../../src/http/limits.ts'
import { buildServer } from '../../src/http/server.ts'
import { openMemoryStorage } from '../../src/stores/memory/storage.ts'
import { Tables } from '../../src/stores/memory/tables.ts'
import { migratePostgres, openPostgresStorage } from '../../src/stores/postgres/storage.ts'
import { openSqliteStorage } from '../../src/stores/sqlite/storage.ts'
import type { Storage } from '../../src/stores/storage.ts'
import { MysqlLedger } from '../support/mysql-ledger.ts'
import { OpenApiContract } from '../support/openapi-contract.ts'
import { PostgresDatabase } from '../../harness/postgres-database.ts'
import type { StoreUnderTest } from '../../harness/stores.ts'
import type { WireRequest } from './requests.ts'

/** A request that takes longer counts as hanging. */
export const ANSWER_MS_MAX = 10_000

export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body as JSON; null if it is not JSON. */
  readonly body: Readonly<Record<string, unknown>> | null
}

/** Everything that a request could have changed. */
export interface Books {
  readonly requestsCount: number
  readonly postingsCount: number
  /** Balances, accounts, standings, assets and rates, every column. */
  readonly rows: string
}

interface Opened {
  readonly storage: Storage
  readonly books: () => Promise<Books>
  readonly close: () => Promise<void>
}

export class ServiceUnderFire implements AsyncDisposable {
  readonly app: FastifyInstance
  readonly storage: Storage
  /** JSON lines from level debug on. */
  readonly log: string[]
  readonly port: number
  readonly books: () => Promise<Books>
  readonly #engine: Engine
  readonly #contract: OpenApiContract
  readonly #close: () => Promise<void>
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 })

  private constructor(app: FastifyInstance, engine: Engine, opened: Opened, log: string[]) {
    this.app = app
    this.storage = opened.storage
    this.log = log
    this.port = (app.server.address() as AddressInfo).port
    this.books = opened.books
    this.#engine = engine
    this.#contract = new OpenApiContract(app.swagger())
    this.#close = opened.close
  }

  static async start(store: StoreUnderTest, limits: Partial<HttpLimits> = {}): Promise<ServiceUnderFire> {
    const opened = await open(store)
    const { storage } = opened
    const engine = new Engine(storage.store)
    const log: string[] = []
    const logger = pino({ level: 'debug' }, { write: (line: string) => void log.push(line) })
    // Without a sweeper, only requests change the books.
    const backend = { engine, reader: storage.reader, store: storage, sweeper: null }
    const app = buildServer(backend, { logger, limits, logRequests: true })
    await app.listen({ host: '127.0.0.1', port: 0 })
    return new ServiceUnderFire(app, engine, opened, log)
  }

  get document(): object {
    return this.app.swagger()
  }

  /** Sends the request unchanged. @throws Error when no complete answer arrives in time */
  /** Makes a key that may do everything, and returns the header of a caller that has it. */
  async makeKey(): Promise<string> {
    const keys = new LedgerKeys(this.storage.keys, (error) => error)
    const { secret } = await keys.create({ name: 'admin', scopes: [...SCOPES] })
    return `Bearer ${secret}`
  }

  async send({ method, target, headers, body }: WireRequest): Promise<Answer> {
    return await new Promise((resolve, reject) => {
      // Without a length Node would send an empty body in chunks, which fetch and curl do not.
      const length =
        body === null ? (method === 'POST' ? ['content-length', '0'] : []) : ['content-length', String(body.length)]
      const head = [...headers.flat(), ...length]
      const request = httpRequest({
        agent: this.#agent,
        host: '127.0.0.1',
        port: this.port,
        method,
        path: target,
        headers: [...(headers.some(([name]) => name === 'host') ? [] : ['host', '127.0.0.1']), ...head],
        timeout: ANSWER_MS_MAX,
      })
      request.on('timeout', () => request.destroy(new Error(`No answer within ${ANSWER_MS_MAX} ms.`)))
      request.on('error', reject)
      request.on('response', (response) => {
        const parts: Buffer[] = []
        response.on('data', (part: Buffer) => void parts.push(part))
        response.on('error', reject)
        response.on('end', () => {
          const text = Buffer.concat(parts).toString()
          const fields = Object.entries(response.headersDistinct).flatMap(([name, values = []]) =>
            values.map((value): [string, string] => [name, value]),
          )
          resolve(answerOf(response.statusCode!, new Headers(fields), text))
        })
      })
      request.end(body ?? undefined)
    })
  }

  async call(method: string, target: string, body?: unknown): Promise<Answer> {
    const bytes = body === undefined ? null : Buffer.from(JSON.stringify(body))
    const headers = bytes === null ? [] : [['content-type', 'application/json'] as const]
    return await this.send({ method, target, headers, body: bytes })
  }

  /** Checks an answer against the general rules, and against the document if the route is known. */
  check({ method, target }: Pick<WireRequest, 'method' | 'target'>, answer: Answer): void {
    assertAnswer(method, answer)
    if (method !== 'HEAD' && !target.includes('#')) this.#contract.check(method, target, answer)
  }

  /** At the end: the service can still commit, every law holds, and it logged no warning or error of its own. */
  async checkHealth(): Promise<void> {
    assert.equal((await this.call('GET', '/readyz')).status, 200)
    const { auditor } = this.storage
    for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 3), [], check.title)
    const ownFailures = this.log.filter((line) => (JSON.parse(line) as { level: number }).level >= WARN)
    assert.deepEqual(
      [ownFailures.length, ownFailures[0]],
      [0, undefined],
      'what callers did wrong is logged as our failure',
    )
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#agent.destroy()
    await this.app.close()
    await this.#engine.stop()
    await this.#close()
  }
}

export function answerOf(status: number, headers: Headers, text: string): Answer {
  const isJson = /^application\/(problem\+)?json/.test(headers.get('content-type') ?? '')
  return { status, headers, text, body: isJson && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : null }
}

/** pino's number for this level. */
const WARN = 40

const INSIDES = /node_modules|\n\s+at |\.ts:\d+|node:internal|ER_[A-Z_]+|SQLITE_|syntax error|SELECT |INSERT INTO/

/** An answer is never a 5xx; a refusal is a problem of the catalogue that shows no internals. */
export function assertAnswer(method: string, { status, headers, text, body }: Answer): void {
  assert.ok(status >= 200 && status < 500, `${status}: ${text}`)
  if (status < 400) return
  assert.equal(headers.get('content-type'), 'application/problem+json; charset=utf-8', `${status}: ${text}`)
  if (method === 'HEAD') return
  assert.ok(body !== null, `${status} without a problem`)
  const { code, type, applied } = body
  assert.ok(isProblemCode(code), text)
  assert.deepEqual([body['status'], type, applied], [status, `urn:holdfast:problem:${code}`, 'no'], text)
  // `detail` may quote the caller's input; no input of these tests matches this.
  assert.doesNotMatch(text, INSIDES)
}

async function open({ name, server }: StoreUnderTest): Promise<Opened> {
  if (name === 'memory') return openMemory()
  if (name === 'sqlite') return await openSqlite()
  return name === 'postgres' ? await openPostgres() : await openMysql(server!)
}

function openMemory(): Opened {
  const tables = new Tables()
  const storage = openMemoryStorage(tables)
  const books = async (): Promise<Books> => ({
    requestsCount: [...tables.requests.keys()].filter((id) => !id.endsWith(FORWARD)).length,
    postingsCount: tables.postings.size,
    rows: textOf(
      [tables.balances, tables.accounts, tables.standings, tables.assets, tables.rates].map((table) => [...table]),
    ),
  })
  return { storage, books, close: () => storage.close() }
}

type Rows = readonly Readonly<Record<string, unknown>>[]

/** What goes on to the successor of a closed account is nobody's request: its entry has no fingerprint. */
const FORWARD = forwardOf('')

/** One query, so that both counts are of one instant. */
const COUNTS = `SELECT (SELECT COUNT(*) FROM requests WHERE NOT (kind = 'merge' AND fingerprint = 0)) AS requests,
  (SELECT COALESCE(SUM(last_version - first_version + 1), 0) FROM journal) AS postings`
const TABLES = ['balances', 'accounts', 'standings', 'assets', 'rates']

async function booksBy(query: (sql: string) => Promise<Rows>): Promise<Books> {
  const [counts] = await query(COUNTS)
  const rows: Rows[] = []
  for (const table of TABLES) rows.push(await query(`SELECT * FROM ${table} ORDER BY 1, 2`))
  return { requestsCount: Number(counts!['requests']), postingsCount: Number(counts!['postings']), rows: textOf(rows) }
}

function textOf(rows: unknown): string {
  return JSON.stringify(rows, (_, value: unknown) => (typeof value === 'bigint' ? String(value) : value))
}

async function openSqlite(): Promise<Opened> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-hostile-'))
  const path = join(folder, 'ledger.db')
  // Only SQL statements on this thread can be recorded.
  const storage = await openSqliteStorage(path, { reads: 'caller' })
  const database = new DatabaseSync(path, { readOnly: true, readBigInts: true })
  return {
    storage,
    books: () => booksBy(async (sql) => database.prepare(sql).all()),
    close: async () => {
      database.close()
      await storage.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

async function openMysql(server: string): Promise<Opened> {
  const ledger = await MysqlLedger.create(server)
  return {
    storage: ledger.storage,
    books: () => booksBy((sql) => ledger.database.query(sql)),
    close: () => ledger[Symbol.asyncDispose](),
  }
}

async function openPostgres(): Promise<Opened> {
  const database = await PostgresDatabase.create()
  await migratePostgres(database.url())
  const storage = await openPostgresStorage(database.url())
  return {
    storage,
    books: () => booksBy(async (sql) => (await database.client.query<Record<string, unknown>>(sql)).rows),
    close: async () => {
      await storage.close()
      await database[Symbol.asyncDispose]()
    },
  }
}
