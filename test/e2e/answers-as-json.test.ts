/** `JSON.stringify` of what a ledger answers or throws gives the wire form, in process and over HTTP. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { AccountView, BatchOutcome, Ledger, PageView } from '../../src/api/ledger.ts'
import { connect } from '../../src/client/index.ts'
import {
  accountToWire,
  assetToWire,
  entryToWire,
  holdEventToWire,
  holdFromWire,
  holdToWire,
  lineToWire,
  openedToWire,
  openLedger,
  houseAccountToWire,
  rateToWire,
  type HoldWire,
  type LedgerError,
} from '../../src/index.ts'
import { errorOf } from '../support/ledger-errors.ts'
import { plain } from '../support/repeats.ts'
import { RunningService } from '../support/running-service.ts'

const BEYOND_DOUBLE = 9_007_199_254_740_993n

/** The value that a receiver of the JSON text gets. */
function carried(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

/** Every kind of answer, with the value that must be on the wire. */
async function answersOf(ledger: Ledger): Promise<readonly (readonly [unknown, unknown])[]> {
  const entry = await ledger.deposit({ requestId: 'd', account: 'user:8', amount: BEYOND_DOUBLE })
  const opened = await ledger.open({ account: 'user:8', floor: -5n })
  const asset = await ledger.declare({ asset: 'gem', decimals: 2, name: 'Gem' })
  const rate = await ledger.rate({ from: 'credit', to: 'gem', numerator: 2n, denominator: 3n })
  const house = await ledger.house({ account: '@promo' })
  const leg = { from: 'user:8', to: 'user:8', amount: 10n, toAsset: 'gem' }
  const exchange = await ledger.transfer({ legs: [leg] })
  const hold = await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 9n, onExpiry: { settle: 3n } })
  const again = await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 9n, onExpiry: { settle: 3n } })
  const account: AccountView = await ledger.account('user:8')
  const pages: readonly (readonly [PageView<unknown>, (row: never) => object])[] = [
    [await ledger.holds({ account: 'user:8' }), holdToWire],
    [await ledger.holdHistory('h'), holdEventToWire],
    [await ledger.postings('user:8'), lineToWire],
    [await ledger.rates(), rateToWire],
    [await ledger.rateHistory('credit', 'gem'), rateToWire],
  ]
  const assets = await ledger.assets()
  return [
    [entry, { ...entryToWire(entry), replayed: false }],
    [entry.postings, entryToWire(entry).postings],
    [opened, { ...openedToWire(opened), replayed: false }],
    [opened.balance, openedToWire(opened).balance],
    [asset, { ...assetToWire(asset), replayed: false }],
    [house, { ...houseAccountToWire(house), replayed: false }],
    [rate, { ...rateToWire(rate), replayed: false }],
    [exchange, { ...entryToWire(exchange), replayed: false }],
    [exchange.legs, entryToWire(exchange).legs],
    [exchange.legs?.[0]?.rate, entryToWire(exchange).legs?.[0]?.rate],
    [hold, { ...holdToWire(hold), replayed: false, current: null }],
    [again, { ...holdToWire(hold), replayed: true, current: holdToWire(hold) }],
    [again.current, holdToWire(hold)],
    [hold.onExpiry, { settle: '3' }],
    [await ledger.hold('h'), holdToWire(hold)],
    [await ledger.entry('d'), entryToWire(entry)],
    [account, accountToWire(account)],
    [account.balances, accountToWire(account).balances],
    [assets, assets.map(assetToWire)],
    ...pages.map(
      ([page, rowToWire]) => [page, { items: page.items.map((row) => rowToWire(row as never)), next: null }] as const,
    ),
  ]
}

async function embedded(use: (ledger: Ledger) => Promise<void>): Promise<void> {
  await using ledger = await openLedger('memory:')
  await use(ledger)
}

async function connected(use: (ledger: Ledger) => Promise<void>): Promise<void> {
  await using service = await RunningService.start()
  await using ledger = connect(service.url)
  await use(ledger)
}

for (const [where, withLedger] of Object.entries({ embedded, connected })) {
  describe(`${where}: JSON.stringify`, () => {
    test('writes every answer as it is sent over HTTP', () =>
      withLedger(async (ledger) => {
        const answers = await answersOf(ledger)
        for (const [answer, wire] of answers) assert.deepEqual(carried(answer), wire)
        assert.equal(answers.length, 24)
      }))

    test('writes the outcomes of a batch, with answers and problems', () =>
      withLedger(async (ledger) => {
        const outcomes: readonly BatchOutcome[] = await ledger.batch([
          { kind: 'deposit', account: 'user:8', amount: BEYOND_DOUBLE },
          { kind: 'freeze', account: 'user:9', amount: 1n },
        ])
        const [deposit, freeze] = carried(outcomes) as readonly [{ answer: object }, { error: object }]
        assert.match(JSON.stringify(deposit), /"availableDelta":"9007199254740993"/)
        assert.deepEqual(
          [Reflect.get(freeze.error, 'code'), Reflect.get(freeze.error, 'required')],
          ['insufficient_funds', '1'],
        )
      }))

    test('writes an error as its problem', () =>
      withLedger(async (ledger) => {
        const error: LedgerError = await errorOf(ledger.freeze({ account: 'user:8', amount: BEYOND_DOUBLE }))
        const problem = carried({ error }) as { error: Record<string, unknown> }
        assert.equal(problem.error['type'], 'urn:holdfast:problem:insufficient_funds')
        assert.deepEqual([problem.error['status'], problem.error['required']], [402, String(BEYOND_DOUBLE)])
        assert.equal(error.details['required'], BEYOND_DOUBLE)
      }))

    test('leaves answers what they were: plain objects without further fields', () =>
      withLedger(async (ledger) => {
        await ledger.deposit({ account: 'user:8', amount: 10n })
        const hold = await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 9n })
        const copy = { ...hold }
        assert.deepEqual(hold, copy)
        assert.deepEqual(structuredClone(copy), hold)
        assert.ok(!Object.keys(hold).includes('toJSON') && !('toJSON' in copy))
        assert.deepEqual(holdFromWire(carried(hold) as HoldWire), plain(hold))
      }))
  })
}

test('what JSON.stringify writes is what the service sends', async () => {
  await using service = await RunningService.start()
  await using ledger = connect(service.url)
  await ledger.deposit({ requestId: 'd', account: 'user:8', amount: BEYOND_DOUBLE })
  await ledger.freeze({ requestId: 'h', account: 'user:8', amount: 9n })
  const sent = async (path: string): Promise<string> => await (await fetch(service.url + path)).text()
  assert.equal(JSON.stringify(await ledger.hold('h')), await sent('/v1/holds/h'))
  assert.equal(JSON.stringify(await ledger.entry('d')), await sent('/v1/entries/d'))
  assert.equal(JSON.stringify(await ledger.account('user:8')), await sent('/v1/accounts/user:8'))
  assert.equal(JSON.stringify(await errorOf(ledger.hold('none'))), await sent('/v1/holds/none'))
})
