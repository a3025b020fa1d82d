/** Texts with a meaning in SQL or in an encoding are returned unchanged or refused; none reaches an SQL statement as SQL. */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test, type TestContext } from 'node:test'
import fc from 'fast-check'
import { Client, Connection as PostgresConnection } from 'pg'
import { MYSQL_TUNING, parseMysqlUrl } from '../../src/stores/mysql/url.ts'
import { MysqlConnection } from '../../src/stores/mysql/connection.ts'
import { literal } from '../../src/stores/mysql/literals.ts'
import { MysqlDatabase, mysqlServers } from '../../harness/mysql-servers.ts'
import { PrivateServer } from '../support/private-server.ts'
import { installationUnderTest } from '../../harness/server-installations.ts'
import { discoverStores, type StoreUnderTest } from '../../harness/stores.ts'
import { tell, tryInputs } from './budget.ts'
import { hostileTexts } from './hostile-values.ts'
import { encoded } from './requests.ts'
import { ServiceUnderFire } from './service-under-fire.ts'

for (const store of discoverStores().found) textsComeBack(store)

function textsComeBack(store: StoreUnderTest): void {
  describe(`hostile texts on ${store.name}`, () => {
    let service: ServiceUnderFire
    before(async () => {
      service = await ServiceUnderFire.start(store)
    })
    after(async () => await service[Symbol.asyncDispose]())

    test('memos, metadata and names come back letter by letter, or are refused', async () => {
      let number = 0
      const inputs = fc.record({ memo: hostileTexts, key: hostileTexts, value: hostileTexts })
      await tryInputs(
        `texts on ${store.name}`,
        store.server === null ? 300 : 100,
        inputs,
        async ({ memo, key, value }) => {
          const requestId = `text-${++number}`
          const metadata = Object.fromEntries([[key, value]])
          const written = await service.call('POST', '/v1/deposits', {
            requestId,
            account: 'user:8',
            amount: 1,
            memo,
            metadata,
          })
          service.check({ method: 'POST', target: '/v1/deposits' }, written)
          if (written.status !== 201) return assert.equal(written.status, 400, written.text)
          const read = await service.call('GET', `/v1/entries/${requestId}`)
          assert.deepEqual([read.body?.['memo'], read.body?.['metadata']], [memo, metadata])
          const filter = `metadata=${encoded(JSON.stringify(metadata))}${memo === '' ? '' : `&memo=${encoded(memo)}`}`
          const found = await service.call('GET', `/v1/accounts/user:8/postings?entry=${requestId}&${filter}`)
          assert.equal((found.body!['items'] as unknown[]).length, 1, found.text)
          const named = await service.call('PUT', '/v1/assets/gem', { name: memo === '' ? value : memo })
          if (named.status === 200) {
            const { body } = await service.call('GET', '/v1/assets')
            const gem = (body!['items'] as { code: string; name: string }[]).find(({ code }) => code === 'gem')
            assert.equal(gem?.name, memo === '' ? value : memo)
          }
        },
      )
      await service.checkHealth()
    })

    test('no statement has input in it but as a value', async (context) => {
      const texts = recordedTexts(context, store)
      const mark = 'mark-1b2c'
      const name = `user \\'"\`${mark}; -- %_`
      const account = encoded(name)
      const memo = `\\'"\`${mark}'; --`
      const metadata = { [`${mark}'\\`]: `\\${mark}"` }
      await service.call('PUT', '/v1/assets/markgem', { name: memo })
      for (const requestId of [`${mark}-1`, `${mark}-2`, `${mark}-3`]) {
        await service.call('POST', '/v1/deposits', { requestId, account: name, amount: 100, memo, metadata })
      }
      await service.call('POST', '/v1/holds', { requestId: `${mark}-hold`, account: name, amount: 5, metadata })
      await service.call('PUT', `/v1/accounts/${account}`, { floor: -5, metadata })
      await service.call('POST', `/v1/holds/${mark}-hold/settle`, { amount: 1 })
      const filters = `metadata=${encoded(JSON.stringify(metadata))}&memo=${encoded(memo)}`
      for (const target of [
        `/v1/accounts/${account}`,
        `/v1/accounts/${account}?at=2040-01-01T00:00:00Z`,
        `/v1/accounts/${account}/postings?${filters}&hold=${mark}-hold&entry=${mark}-1&kind=deposit`,
        `/v1/holds?account=${account}&metadata=${encoded(JSON.stringify(metadata))}`,
        `/v1/holds/${mark}-hold`,
        `/v1/entries/${mark}-1`,
        `/v1/entries/${mark}-hold~settle`,
      ]) {
        const { status, text } = await service.call('GET', target)
        assert.equal(status, 200, text)
      }
      if (store.name === 'memory') return
      assert.ok(texts.length > 0, 'no statement was recorded')
      for (const text of texts) assert.ok(!withoutTexts(text, store).includes(mark), text)
      tell(`statements on ${store.name} looked through for input`, texts.length)
    })
  })
}

/** The SQL statement without its quoted texts. Only MySQL's statements contain input, as literals. */
function withoutTexts(sql: string, { name }: StoreUnderTest): string {
  return name === 'mysql' || name === 'mariadb' ? sql.replaceAll(/'(?:[^'\\]|\\.|'')*'/gs, '?') : sql
}

/** Every SQL text that the drivers send until the test ends. */
function recordedTexts(context: TestContext, { name }: StoreUnderTest): string[] {
  const texts: string[] = []
  const record = (value: unknown): void => {
    if (Array.isArray(value)) return value.forEach(record)
    const text = typeof value === 'string' ? value : (value as { text?: unknown } | null)?.text
    if (typeof text === 'string') texts.push(text)
  }
  const watch = (target: object, method: string): void => {
    const before = Reflect.get(target, method) as (...parameters: unknown[]) => unknown
    context.mock.method(target as Record<string, () => void>, method, function watched(
      this: unknown,
      ...parameters: unknown[]
    ) {
      record(parameters[0])
      return before.apply(this, parameters)
    } as () => void)
  }
  if (name === 'sqlite') {
    watch(DatabaseSync.prototype, 'prepare')
    watch(DatabaseSync.prototype, 'exec')
  }
  if (name === 'postgres') {
    watch(Client.prototype, 'query')
    watch(PostgresConnection.prototype, 'parse')
    watch(PostgresConnection.prototype, 'query')
  }
  if (name === 'mysql' || name === 'mariadb') watch(MysqlConnection.prototype, 'run')
  return texts
}

/** Every character of up to two bytes, and the first and last ones of three and four bytes. */
const CHARACTERS: readonly string[] = [
  ...Array.from({ length: 0x800 }, (_, code) => String.fromCodePoint(code)),
  ...[0x800, 0xfff, 0x1000, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x1f600, 0x10ffff].map((code) =>
    String.fromCodePoint(code),
  ),
]

/** Sends SQL statements with many literals each; the server returns the bytes that it read. */
async function assertRead(connection: MysqlConnection, texts: readonly string[]): Promise<void> {
  for (let from = 0; from < texts.length; from += 200) {
    const some = texts.slice(from, from + 200)
    const columns = some.map((text, index) => `HEX(CONVERT(${literal(text)} USING utf8mb4)) AS c${index}`)
    const [{ rows } = { rows: [] }] = await connection.run([`SELECT ${columns.join(', ')}`])
    for (const [index, text] of some.entries()) {
      const read = Buffer.from(String(rows[0]![`c${index}`]), 'hex').toString()
      assert.equal(read, text, `the literal ${literal(text)}`)
    }
  }
}

async function assertEveryTextRead(suite: string, url: string): Promise<void> {
  const { address } = parseMysqlUrl(url)
  const connection = await MysqlConnection.open(address, MYSQL_TUNING, 'reader')
  try {
    const around = CHARACTERS.flatMap((character) => [character, `\\${character}'`, `${character}\\`])
    await assertRead(connection, around)
    tell(`${suite}, every character`, around.length)
    const texts = fc.array(
      hostileTexts.filter((text) => text.isWellFormed()),
      { minLength: 50, maxLength: 50 },
    )
    await tryInputs(`${suite}, by 50`, 20, texts, async (some) => await assertRead(connection, some))
  } finally {
    connection.destroy()
  }
}

for (const { name, url, reason } of mysqlServers()) {
  test(
    `every text is read by ${name} as it was written into a statement`,
    { skip: url === null && reason },
    async () => {
      await using database = await MysqlDatabase.create(url!)
      await assertEveryTextRead(`literals on ${name}`, database.url())
    },
  )

  const { installation, reason: whyNot } = installationUnderTest(name)
  test(
    `neither the modes nor the character sets that a ${name} server begins with change what a text means`,
    {
      skip: installation === null && whyNot,
    },
    async () => {
      await using server = await PrivateServer.start(installation!)
      const store = await server.createDatabase()
      for (const charset of ['gbk', 'sjis', 'latin1']) {
        // Applies to users who are not administrators.
        await server.execute(`SET GLOBAL init_connect = 'SET NAMES ${charset}'`)
        await server.execute(`SET GLOBAL character_set_server = ${charset}`)
        await server.execute(`SET GLOBAL sql_mode = 'NO_BACKSLASH_ESCAPES,ANSI_QUOTES,PIPES_AS_CONCAT'`)
        await server.execute(`CREATE USER IF NOT EXISTS plain@'%'`)
        await server.execute(`GRANT ALL ON ${new URL(store).pathname.slice(1)}.* TO plain@'%'`)
        await assertEveryTextRead(`literals on ${name} in ${charset}`, store.replace('//root@', '//plain@'))
      }
    },
  )
}
