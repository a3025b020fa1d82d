/** `holdfast reconcile --of orders`: transfer orders of an old system that moved coins leg by leg, and how half-done ones are ended. */
import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { openLedger } from '../../src/ledger.ts'
import { runHoldfast, type Ran } from '../../harness/service-process.ts'

let folder = ''
let count = 0

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-orders-test-'))
})
after(() => rm(folder, { recursive: true }))

const newPath = (ending: string): string => join(folder, `${++count}${ending}`)

async function newList(ending: string, text: string): Promise<string> {
  const path = newPath(ending)
  await writeFile(path, text)
  return path
}

type Lines = readonly Record<string, unknown>[]

async function reconcile(file: string, parameters: readonly string[]): Promise<Ran & { readonly lines: Lines }> {
  const ran = await runHoldfast(['reconcile', file, '--of', 'orders', '--json', ...parameters])
  const lines = ran.stdout.split('\n').filter((line) => line !== '')
  return { ...ran, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

const findings = (lines: Lines): Lines => lines.filter(({ type }) => type === 'finding')

/** user:1 has 1,000 star. What the old system has paid of the orders below is in the balances. */
async function newLedger(): Promise<string> {
  const store = `sqlite:${newPath('.db')}`
  await using ledger = await openLedger(store)
  await ledger.declare({ asset: 'star' })
  await ledger.declare({ asset: 'moon' })
  await ledger.rate({ from: 'star', to: 'moon', numerator: 2n, denominator: 1n })
  await ledger.deposit({ account: 'user:1', asset: 'star', amount: 1_000n })
  await ledger.deposit({ account: 'user:2', asset: 'moon', amount: 300n })
  await ledger.transfer({
    requestId: 'whole',
    legs: [
      { from: 'user:1', to: 'user:2', asset: 'star', amount: 10n },
      { from: 'user:1', to: 'user:3', asset: 'star', amount: 20n, toAsset: 'moon' },
    ],
  })
  return store
}

async function coinsIn(store: string, places: readonly (readonly [account: string, asset: string])[]) {
  await using ledger = await openLedger(store)
  return await Promise.all(
    places.map(async ([account, asset]) => {
      const { available } = await ledger.balance(account, asset)
      return Number(available)
    }),
  )
}

const COLUMNS = ['--asset-column', 'asset', '--to-asset-column', 'to_asset', '--to-amount-column', 'to_amount']
const NOTES = ['--note-column', 'ex']
const HEAD = 'request_id,from,to,amount,asset,to_asset,to_amount,status,ex'
const HALF = ['half,user:1,user:2,150,star,moon,300,failed,paid', 'half,user:1,user:3,50,star,moon,100,failed,']

test('each order is compared with its transfer, leg by leg', async () => {
  const store = await newLedger()
  const rows = [
    'whole,user:1,user:2,10,star,,,done,',
    'whole,user:1,user:3,20,star,moon,41,done,',
    'never,user:1,user:2,10,star,,,failed,',
    'nowhere,user:1,user:2,10,star,,,done,',
    ...HALF,
  ]
  const file = await newList('.csv', [HEAD, ...rows, '#end,6', ''].join('\n'))
  const { exitCode, lines } = await reconcile(file, ['--store', store, ...COLUMNS, ...NOTES])
  assert.equal(exitCode, 1)
  assert.partialDeepStrictEqual(findings(lines), [
    {
      code: 'different',
      requestId: 'whole',
      line: 2,
      message: 'leg 2 (user:3): 41 moon in the external system, 40 in the ledger',
      legs: { paid: [], unpaid: [1, 2], different: [2] },
    },
    { code: 'missing', requestId: 'nowhere', line: 5 },
    {
      code: 'half_done',
      requestId: 'half',
      line: 6,
      message: 'failed in the external system, leg 1 paid, leg 2 not paid, no entry in the ledger',
      legs: { paid: [1], unpaid: [2], different: [] },
    },
  ])
  assert.partialDeepStrictEqual(lines.at(-1), { rowsCount: 6, proof: 'end_row', agreedCount: 1, findingsCount: 3 })
})

test('a transfer whose order failed, is pending or is of something else is different', async () => {
  const store = await newLedger()
  {
    await using ledger = await openLedger(store)
    await ledger.deposit({ requestId: 'deposit', account: 'user:1', amount: 1n })
  }
  const legs = (id: string, status: string): string[] => [
    `${id},user:1,user:2,10,star,,,${status},`,
    `${id},user:1,user:3,20,star,moon,40,${status},`,
  ]
  for (const [id, status, said] of [
    ['whole', 'failed', /^failed in the external system, transfer \(user:1 -30 star, /],
    ['whole', 'pending', /^pending in the external system, transfer \(/],
    ['deposit', 'done', /^a transfer in the external system, deposit \(@issuer -1 credit, user:1 \+1 credit\)/],
  ] as const) {
    const file = await newList('.csv', [HEAD, ...legs(id, status), ''].join('\n'))
    const { exitCode, lines } = await reconcile(file, ['--store', store, ...COLUMNS])
    assert.equal(exitCode, 1)
    assert.deepEqual(
      findings(lines).map(({ code }) => code),
      ['different'],
    )
    assert.match(String(findings(lines)[0]!['message']), said)
  }
})

test('a half-done order is ended once, whichever way is asked for first', async () => {
  const places = [
    ['user:1', 'star'],
    ['user:2', 'moon'],
    ['user:3', 'moon'],
  ] as const
  for (const [first, second, coins] of [
    ['complete', 'give-back', [920, 300, 140]],
    ['give-back', 'complete', [1_120, 0, 40]],
    ['as-status', 'complete', [1_120, 0, 40]],
  ] as const) {
    const store = await newLedger()
    const file = await newList('.csv', [HEAD, ...HALF, ''].join('\n'))
    const fix = ['--store', store, ...COLUMNS, ...NOTES, '--fix', '--yes', '--half-done']
    const ended = await reconcile(file, [...fix, first])
    assert.equal(ended.exitCode, 0, ended.stdout + ended.stderr)
    assert.partialDeepStrictEqual(ended.lines.at(-1), { plannedCount: 1, fixedCount: 1 })
    assert.deepEqual(await coinsIn(store, places), coins, first)
    for (const how of [first, second]) {
      const again = await reconcile(file, [...fix, how])
      assert.partialDeepStrictEqual(again.lines.at(-1), { findingsCount: 0, plannedCount: 0, agreedCount: 1 })
    }
    assert.deepEqual(await coinsIn(store, places), coins, first)
    // The application's own late attempt has no effect either.
    await using ledger = await openLedger(store)
    const whole = { requestId: 'half', legs: [{ from: 'user:1', to: 'user:2', asset: 'star', amount: 150n }] }
    await assert.rejects(ledger.transfer(whole), { code: 'request_id_reused' })
  }
})

test('what an old system took at once and paid to nobody goes on, or back, from the account that has it', async () => {
  for (const [how, coins] of [
    ['complete', [970, 210, 140]],
    ['give-back', [1_220, 10, 40]],
  ] as const) {
    const store = await newLedger()
    const rows = ['taken,user:1,user:2,200,star,failed,1', 'taken,user:1,user:3,50,star,failed,1']
    const kinds = rows.map((row, index) => `${row}${index === 0 ? ',' : ',moon'}`)
    const head = 'request_id,from,to,amount,asset,status,taken,to_asset'
    const free = 'free,user:1,user:3,50,star,failed,0,'
    const file = await newList('.csv', [head, ...kinds, free, ''].join('\n'))
    const taken = ['--taken-column', 'taken', '--transit', '@issuer', '--half-done', how]
    const columns = ['--asset-column', 'asset', '--to-asset-column', 'to_asset']
    const parameters = ['--store', store, ...columns, '--fix', '--yes', ...taken]
    const { exitCode, lines } = await reconcile(file, parameters)
    assert.equal(exitCode, 0, JSON.stringify(lines))
    assert.deepEqual(
      findings(lines).map(({ message }) => message),
      ['failed in the external system, everything taken from user:1, legs 1-2 not paid, no entry in the ledger'],
    )
    assert.partialDeepStrictEqual((await reconcile(file, parameters)).lines.at(-1), { findingsCount: 0 })
    const places = [
      ['user:1', 'star'],
      ['user:2', 'star'],
      ['user:3', 'moon'],
    ] as const
    // The 250 were taken before the import, so the sender does not pay again.
    assert.deepEqual(await coinsIn(store, places), coins, how)
  }
})

test('the body of an old system’s request is an order in NDJSON', async () => {
  const store = await newLedger()
  const legs = [
    { uid: 2, coin_kind: 'moon', num: 300, origin_from_kind_num: 150, ex: 'ok' },
    { uid: 3, coin_kind: 'moon', num: 100, origin_from_kind_num: 50, ex: '' },
  ]
  const order = { order_id: 'half', uid: 1, kind: 'star', state: 3, to: legs }
  const sender = { ...order, from_uid: 1 }
  const file = await newList('.ndjson', `${JSON.stringify(sender)}\n{"end":true,"rows":1}\n`)
  const ids = ['--id-column', 'order_id', '--account-column', 'from_uid', '--counterparty-column', 'uid']
  const amounts = ['--amount-column', 'origin_from_kind_num', '--to-amount-column', 'num']
  const assets = ['--asset-column', 'kind', '--to-asset-column', 'coin_kind', '--legs-column', 'to']
  const words = ['--note-column', 'ex', '--paid', 'ok', '--status-column', 'state', '--failed', '3']
  const parameters = [...ids, ...amounts, ...assets, ...words, '--account-prefix', 'user:', '--store', store]
  const { lines } = await reconcile(file, [...parameters, '--half-done', 'complete'])
  assert.partialDeepStrictEqual(findings(lines), [
    {
      code: 'half_done',
      legs: { paid: [1], unpaid: [2] },
      remedy: {
        kind: 'transfer',
        requestId: 'half',
        legs: [{ from: 'user:1', to: 'user:3', asset: 'star', amount: '50', toAsset: 'moon', toAmount: '100' }],
      },
    },
  ])
})

test('what receivers have spent cannot be given back, and is reported with nothing of the order moved', async () => {
  const store = await newLedger()
  {
    await using ledger = await openLedger(store)
    await ledger.charge({ account: 'user:2', asset: 'moon', amount: 1n })
  }
  const file = await newList('.csv', [HEAD, ...HALF, ''].join('\n'))
  const { exitCode, lines } = await reconcile(file, [
    '--store',
    store,
    ...COLUMNS,
    ...NOTES,
    '--fix',
    '--yes',
    '--half-done',
    'give-back',
  ])
  assert.equal(exitCode, 1)
  assert.partialDeepStrictEqual(lines.at(-2), { type: 'refused', requestId: 'half', code: 'insufficient_funds' })
  assert.deepEqual(await coinsIn(store, [['user:1', 'star']]), [970])
})

test('a transfer that no order of the list has is extra, in the statements that are named', async () => {
  const store = await newLedger()
  const since = ['--since', '2020-01-01T00:00:00Z', '--extras-of', 'user:1', 'user:2']
  const empty = await newList('.csv', `${HEAD}\n#end,0,2999-01-01T00:00:00Z\n`)
  const { exitCode, lines } = await reconcile(empty, ['--store', store, '--asset-column', 'asset', ...since])
  assert.equal(exitCode, 1)
  assert.deepEqual(
    findings(lines).map(({ code, requestId }) => [code, requestId]),
    [['extra', 'whole']],
  )
  // A list of one asset has no orders in others.
  const inOne = await newList('.csv', 'request_id,from,to,amount\n#end,0,2999-01-01T00:00:00Z\n')
  assert.equal((await reconcile(inOne, ['--store', store, ...since, 'user:7'])).exitCode, 0)
  assert.equal((await reconcile(inOne, ['--store', store, '--asset', 'star', ...since])).exitCode, 1)
})

test('an order that one transfer cannot give back is reported, and left', async () => {
  const store = await newLedger()
  // What arrived in another asset takes two legs to return.
  const legs = Array.from({ length: 501 }, (_, index) => ({ to: `user:${index + 2}`, ex: 'paid' }))
  const order = { request_id: 'wide', from: 'user:1', asset: 'star', to_asset: 'moon', amount: 1, to_amount: 2 }
  const file = await newList('.ndjson', JSON.stringify({ ...order, status: 'failed', legs }))
  const giveBack = [...COLUMNS, ...NOTES, '--fix', '--yes', '--half-done', 'give-back']
  const { exitCode, lines } = await reconcile(file, ['--store', store, ...giveBack])
  assert.equal(exitCode, 1)
  const message =
    'failed in the external system, legs 1-501 paid, no entry in the ledger; a transfer has at most 1000 legs'
  assert.partialDeepStrictEqual(findings(lines), [{ code: 'half_done', message, remedy: null }])
  assert.partialDeepStrictEqual(lines.at(-1), { plannedCount: 0, fixedCount: 0 })
})

test('rows that cannot be read are reported with their line, and then nothing is changed', async () => {
  const store = await newLedger()
  const rows = [
    ...HALF,
    'a,user:1,user 2,x,star,,,done,',
    'b,user:1,user:2,0,star,,,done,',
    'c,user:1,user:2,1,Star,,,done,',
    'd,user:1,user:2,1,star,star,2,done,',
    'e,user:1,user:2,1,star,,,done,perhaps',
    'f,user:1,user:2,1,star,,,done,',
    'f,user:9,user:3,1,star,,,done,',
    'f,user:1,user:3,1,star,,,failed,',
    'half,user:1,user:2,1,star,,,done,',
  ]
  const file = await newList('.csv', [HEAD, ...rows, ''].join('\n'))
  const parameters = ['--store', store, ...COLUMNS, ...NOTES, '--fix', '--yes', '--half-done', 'complete']
  const { exitCode, lines, stderr } = await reconcile(file, parameters)
  assert.equal(exitCode, 1)
  const unreadable = lines.filter(({ type }) => type === 'unreadable')
  assert.deepEqual(
    unreadable.map(({ line, problem }) => `${String(line)} ${String(problem)}`),
    [
      '4 amount "x" must be a whole number of minor units, 1 to 10000000000000000',
      '5 amount "0" must be a whole number of minor units, 1 to 10000000000000000',
      '6 asset "Star" is not a valid asset code',
      '7 to_amount 2 is not amount 1, in one asset',
      '8 ex "perhaps" must be one of paid, done, empty, unpaid, failed',
      '10 from differs from line 9, which is of the same order',
      '11 status differs from line 9, which is of the same order',
    ],
  )
  assert.partialDeepStrictEqual(findings(lines), [{ code: 'duplicate', requestId: 'half', line: 12 }])
  assert.match(stderr, /Nothing was changed: the list has rows that cannot be read, or that are there twice/)
  assert.deepEqual(await coinsIn(store, [['user:1', 'star']]), [970])
})

test('objects that cannot be read are reported with their line and their leg', async () => {
  const store = await newLedger()
  const order = { request_id: 'a', from: 'user:1', status: 'done' }
  const objects = [
    order,
    { ...order, legs: [] },
    { ...order, legs: [1] },
    { ...order, legs: [{ to: 'user:2', amount: 1 }, { to: 'user:2' }] },
    { ...order, status: 'done', legs: Array.from({ length: 1_001 }, () => ({ to: 'user:2', amount: 1 })) },
    { ...order, taken: 0, legs: [{ to: 'user:2', amount: 1, note: 'paid' }] },
    { ...order, taken: 'perhaps', legs: [{ to: 'user:2', amount: 1 }] },
  ]
  const file = await newList('.ndjson', objects.map((each) => JSON.stringify(each)).join('\n'))
  const columns = ['--note-column', 'note', '--taken-column', 'taken', '--transit', '@issuer']
  const { lines } = await reconcile(file, ['--store', store, ...columns])
  assert.deepEqual(
    lines.slice(0, -1).map(({ line, problem }) => `${String(line)} ${String(problem).slice(0, 96)}`),
    [
      '1 legs (missing) must be an array: an order has 1 to 1000 legs',
      '2 legs [] must be an array: an order has 1 to 1000 legs',
      '3 legs, leg 1: not a JSON object',
      '4 legs, leg 2: amount (missing) must be a whole number of minor units, 1 to 10000000000000000',
      '5 legs [{"to":"user:2","amount":1},{"to":"user:2","amount":1},{"to":"user:2","amount":1… must be a',
      '6 note says that a leg is paid, and taken that nothing was taken from the sender',
      '7 taken "perhaps" must be one of 1, true, yes, 0, false, no',
    ],
  )
})

test('options of orders that have no meaning are refused', async () => {
  const store = await newLedger()
  const file = await newList('.csv', 'request_id,from,to,amount\n')
  for (const [parameters, said] of [
    [['--of', 'orders', '--taken-column', 'from'], /--taken-column needs --transit/],
    [['--of', 'orders', '--transit', '@issuer'], /--transit is only for a list with --taken-column/],
    [['--of', 'orders', '--half-done', 'complete'], /--half-done needs --note-column or --taken-column/],
    [['--of', 'orders', '--paid', 'x'], /--paid is only for a list with --note-column/],
    [['--of', 'orders', '--note-column', 'to', '--paid', 'x', '--unpaid', 'x'], /The note "x" is given in --paid and/],
    [['--of', 'orders', '--release-unknown', '1h'], /--release-unknown is only for --of holds/],
    [['--of', 'transfers', '--note-column', 'ex'], /--note-column is only for --of orders/],
    [['--half-done', 'complete'], /--half-done is only for --of orders/],
    [['--of', 'orders', '--account-column', 'who'], /the columns request_id, who, to, amount must be in the header/],
  ] as const) {
    const { exitCode, stderr } = await runHoldfast(['reconcile', file, '--store', store, ...parameters])
    assert.equal(exitCode, 2, parameters.join(' '))
    assert.match(stderr, said)
  }
})

test('a list of many orders is compared in bounded memory', async () => {
  const store = await newLedger()
  const rows = Array.from({ length: 60_000 }, (_, index) => {
    return `order-${Math.trunc(index / 2)},user:1,user:${index},1,done,${'x'.repeat(600)}`
  })
  const file = await newList('.csv', ['request_id,from,to,amount,status,note', ...rows].join('\n'))
  const { exitCode, stdout } = await runHoldfast(['reconcile', file, '--of', 'orders', '--store', store], {
    NODE_OPTIONS: '--max-old-space-size=48',
  })
  assert.equal(exitCode, 1)
  assert.match(stdout, /missing +credit +30000 +60000 +0/)
})
