/** Lists of everything, in process, over HTTP, with the client, and on the command line: each gives the same. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { runHoldfast, ServiceProcess, spawnHoldfast } from '../../harness/service-process.ts'
import { connect } from '../../src/client/index.ts'
import { openLedger, type Ledger } from '../../src/index.ts'
import { errorOf } from '../support/ledger-errors.ts'

const DAY_MS = 86_400_000

describe('lists of everything', () => {
  let folder = ''
  let store = ''
  let service: ServiceProcess
  let ledgers: Readonly<Record<'library' | 'client', Ledger>>

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'holdfast-lists-'))
    store = `sqlite:${join(folder, 'ledger.db')}`
    const library = await openLedger(store)
    for (const [index, account] of ['user:8', 'user:9', 'team/1'].entries()) {
      await library.deposit({ requestId: `d${index}`, account, amount: 100n * BigInt(index + 1) })
    }
    await library.declare({ asset: 'gem', name: 'Gem' })
    await library.deposit({ requestId: 'g', account: 'user:9', asset: 'gem', amount: 3n })
    await library.freeze({ requestId: 'h', account: 'user:9', amount: 50n })
    await library.charge({ requestId: 'c', account: 'user:8', amount: 7n })
    service = await ServiceProcess.start(store)
    ledgers = { library, client: connect(service.url) }
  })

  after(async () => {
    await ledgers.client.close()
    await ledgers.library.close()
    await service.kill()
    await rm(folder, { recursive: true })
  })

  async function json(path: string): Promise<Record<string, unknown>> {
    const response = await fetch(`${service.url}${path}`)
    assert.equal(response.status, 200, path)
    return (await response.json()) as Record<string, unknown>
  }

  /** What the command line prints for the database and for the service, which must agree. */
  async function printed(...line: readonly string[]): Promise<string> {
    const outputs = await Promise.all(
      [{ HOLDFAST_STORE: store }, { HOLDFAST_URL: service.url }].map(async (environment) => {
        const { exitCode, stdout, stderr } = await runHoldfast(line, environment)
        assert.equal(exitCode, 0, stderr)
        return stdout
      }),
    )
    assert.equal(outputs[0], outputs[1])
    return outputs[0]!
  }

  test('the balances of all accounts are the same everywhere, page by page', async () => {
    const expected = [
      '@issuer credit',
      '@issuer gem',
      '@revenue credit',
      'team/1 credit',
      'user:8 credit',
      'user:9 credit',
    ]
    for (const [name, ledger] of Object.entries(ledgers)) {
      const first = await ledger.accounts({ limit: 6 })
      assert.deepEqual(
        first.items.map(({ account, asset }) => `${account} ${asset}`),
        expected,
        name,
      )
      const second = await ledger.accounts({ limit: 6, cursor: first.next! })
      assert.deepEqual(
        second.items.map(({ account, asset, available }) => [account, asset, available]),
        [['user:9', 'gem', 3n]],
      )
      assert.equal(second.next, null)
      const low = await ledger.accounts({ prefix: 'user:', order: 'available', availableBelow: 150n })
      assert.deepEqual(
        low.items.map(({ account, available, held }) => [account, available, held]),
        [['user:8', 93n, 0n]],
      )
      assert.deepEqual(await ledger.accounts({ heldAbove: 0n }), {
        items: [{ account: 'user:9', asset: 'credit', available: 150n, held: 50n, total: 200n, floor: 0n, version: 2 }],
        next: null,
      })
    }
    const wire = await json('/v1/accounts?prefix=user%3A&order=available-desc&availableAbove=93')
    assert.deepEqual(
      JSON.parse(
        await printed('accounts', '--prefix', 'user:', '--order', 'available-desc', '--above', '93', '--json'),
      ),
      wire,
    )
    assert.partialDeepStrictEqual(wire, { items: [{ account: 'user:9', available: '150', held: '50' }], next: null })
    assert.match(await printed('accounts', '--held-above', '0'), /^account .*\nuser:9 +credit +150 +50 +200 +0 +2$/m)
    assert.equal(await printed('accounts', '--prefix', 'nobody'), 'No balances.\n')
  })

  test('the figures of every asset are the same everywhere', async () => {
    const today = Date.now() - (Date.now() % DAY_MS)
    const [credit, gem] = (await ledgers.library.stats({ days: 2 })).items
    const days = [
      { from: today - DAY_MS, issued: 0n, earned: 0n },
      { from: today, issued: 600n, earned: 7n },
    ]
    assert.deepEqual(credit, {
      asset: 'credit',
      issued: 600n,
      accounts: { count: 3, available: 543n, held: 50n },
      holdsOpen: 1,
      days,
    })
    assert.partialDeepStrictEqual(gem, { asset: 'gem', accounts: { count: 1, available: 3n }, holdsOpen: 0 })
    assert.deepEqual(await ledgers.client.stats({ days: 2 }), { items: [credit, gem], next: null })
    const wire = await json('/v1/stats?days=1')
    assert.deepEqual(JSON.parse(await printed('stats', '--days', '1', '--json')), wire)
    assert.match(await printed('stats', '--days', '1'), /^accounts +3$[^]*^open holds +1$[^]*^[0-9-]{10} +600 +7$/m)
    assert.equal((await ledgers.client.stats()).items[0]!.days.length, 7)
  })

  test('the feed of all entries is the same everywhere, and goes on from its cursor', async () => {
    const ids = ['d0', 'd1', 'd2', 'g', 'h', 'c']
    for (const [name, ledger] of Object.entries(ledgers)) {
      const first = await ledger.entries({ limit: 4 })
      const second = await ledger.entries({ cursor: first.next })
      assert.deepEqual([first.more, second.more], [true, false])
      const items = [...first.items, ...second.items]
      assert.deepEqual(
        items.map(({ id }) => id),
        ids,
        name,
      )
      for (const entry of items) assert.deepEqual(entry, await ledger.entry(entry.id))
      assert.doesNotThrow(() => JSON.stringify(items))
      const { next } = second
      assert.deepEqual(await ledger.entries({ cursor: next }), { items: [], next, more: false })
      assert.deepEqual(await ledger.entries({ start: 'end' }), { items: [], next, more: false })
    }
    const wire = await json('/v1/entries?limit=2')
    assert.deepEqual(JSON.parse(await printed('entries', '--limit', '2', '--json')), wire)
    assert.match(
      await printed('entries', '--limit', '2'),
      /^[^ ]+ {2}deposit {3}d0 {2}@issuer -100 credit, user:8 \+100 credit$/m,
    )
  })

  test('the command line follows the feed', async () => {
    const child = spawnHoldfast(['entries', '--follow', '--json'], { HOLDFAST_URL: service.url })
    const ids: string[] = []
    let text = ''
    child.stdout.on('data', (data: Buffer) => (text += data.toString()))
    const read = async (count: number): Promise<void> => {
      while (ids.length < count) {
        await once(child.stdout, 'data')
        const lines = text.split('\n')
        text = lines.pop()!
        for (const line of lines) ids.push((JSON.parse(line) as { id: string }).id)
      }
    }
    await read(6)
    await ledgers.client.deposit({ requestId: 'later', account: 'user:11', amount: 1n })
    await read(7)
    assert.deepEqual(ids, ['d0', 'd1', 'd2', 'g', 'h', 'c', 'later'])
    child.kill('SIGKILL')
    await once(child, 'close')
  })

  test('what cannot be listed is refused by its name', async () => {
    const refused: readonly (readonly [string, (ledger: Ledger) => Promise<unknown>])[] = [
      ['prefix', (ledger) => ledger.accounts({ prefix: 'ü' })],
      ['order', (ledger) => ledger.accounts({ order: 'size' as 'name' })],
      ['availableBelow', (ledger) => ledger.accounts({ availableBelow: 1n << 63n })],
      ['cursor', (ledger) => ledger.accounts({ cursor: 'nonsense' })],
      ['cursor', (ledger) => ledger.entries({ cursor: 'nonsense' })],
      ['start', (ledger) => ledger.entries({ start: 'middle' as 'end' })],
      ['days', (ledger) => ledger.stats({ days: 32 })],
    ]
    for (const ledger of Object.values(ledgers)) {
      for (const [parameter, ask] of refused) {
        const { code, details } = await errorOf(ask(ledger))
        assert.deepEqual([code, details['parameter']], ['invalid_request', parameter])
      }
    }
    const byName = await ledgers.client.accounts({ limit: 1 })
    const { details } = await errorOf(ledgers.client.accounts({ order: 'held', limit: 1, cursor: byName.next! }))
    assert.equal(details['parameter'], 'cursor')
  })
})
