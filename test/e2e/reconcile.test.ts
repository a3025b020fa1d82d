/** `holdfast reconcile`, started as a process by a user's command line, on a database and on a service. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Ledger } from '../../src/api/ledger.ts'
import { connect } from '../../src/client/index.ts'
import { openLedger } from '../../src/ledger.ts'
import { readList, type ListRow, type OtherState } from '../../src/reconcile/list.ts'
import { HoldBooks } from '../../src/reconcile/books.ts'
import { Notebook } from '../../src/reconcile/notebook.ts'
import { Reconciliation } from '../../src/reconcile/reconciliation.ts'
import { RunningService } from '../support/running-service.ts'
import { runHoldfast, ServiceProcess, type Ran } from '../../harness/service-process.ts'

let folder = ''
let count = 0

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'holdfast-reconcile-test-'))
})
after(() => rm(folder, { recursive: true }))

const newPath = (ending: string): string => join(folder, `${++count}${ending}`)

/** Holds of 100 each: open ones, one settled at 60, one released. */
async function newLedger(open = ['done', 'above', 'failed', 'pending', 'unknown']): Promise<string> {
  const store = `sqlite:${newPath('.db')}`
  await using ledger = await openLedger(store)
  await ledger.deposit({ account: 'user:8', amount: 10_000n })
  for (const id of [...open, 'settled', 'released']) {
    await ledger.freeze({ requestId: id, account: 'user:8', amount: 100n })
  }
  await ledger.settle('settled', { amount: 60n })
  await ledger.release('released')
  return store
}

async function newList(ending: string, text: string): Promise<string> {
  const path = newPath(ending)
  await writeFile(path, text)
  return path
}

/** The list was made after every row of the ledger. */
const UNTIL = ['--until', '2999-01-01T00:00:00Z']

const LIST = [
  'request_id,amount,status,note',
  'done,70,done,"a, ""b"""',
  'above,101,done,',
  'failed,,failed,',
  'pending,,pending,',
  'settled,61,done,',
  'released,,failed,',
  'nowhere,5,done,',
  '',
].join('\r\n')

async function reconcile(
  file: string,
  parameters: readonly string[],
): Promise<Ran & { lines: Record<string, unknown>[] }> {
  const ran = await runHoldfast(['reconcile', file, '--json', ...UNTIL, ...parameters])
  const lines = ran.stdout.split('\n').filter((line) => line !== '')
  return { ...ran, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

function findings(lines: readonly Record<string, unknown>[]): readonly string[] {
  return lines
    .filter(({ type }) => type === 'finding')
    .map(({ code, requestId, line }) => [code, requestId, line].join(' '))
}

async function statesIn(store: string, ids: readonly string[]): Promise<readonly string[]> {
  await using ledger = await openLedger(store)
  const holds = await Promise.all(ids.map((id) => ledger.hold(id)))
  return holds.map(({ state, settled }) => `${state} ${settled}`)
}

const FOUND = [
  'unfinished done 2',
  'unfinished above 3',
  'unfinished failed 4',
  'different settled 6',
  'missing nowhere 8',
  'extra unknown ',
]

test('what is missing, extra, unfinished or different is listed with totals, and nothing is changed', async () => {
  const store = await newLedger()
  const { exitCode, lines } = await reconcile(await newList('.csv', LIST), ['--store', store])
  assert.equal(exitCode, 1)
  assert.deepEqual(findings(lines), FOUND)
  assert.partialDeepStrictEqual(lines.at(-1), {
    rowsCount: 7,
    agreedCount: 2,
    findingsCount: 6,
    plannedCount: 2,
    fixedCount: 0,
    totals: [
      { code: 'unfinished', asset: 'credit', count: 3, theirs: '171', ours: '0' },
      { code: 'different', asset: 'credit', count: 1, theirs: '61', ours: '60' },
      { code: 'missing', asset: null, count: 1, theirs: '5', ours: '0' },
      { code: 'extra', asset: 'credit', count: 1, theirs: '0', ours: '100' },
    ],
  })
  assert.deepEqual(await statesIn(store, ['done', 'failed']), ['open 0', 'open 0'])
})

test('NDJSON says the same, through a service', async () => {
  const store = await newLedger()
  await using service = await ServiceProcess.start(store)
  const objects = LIST.split('\r\n')
    .slice(1, -1)
    .map((line) => {
      const [request_id, amount, status] = line.split(',')
      return JSON.stringify({ request_id, amount: amount === '' ? null : Number(amount), status })
    })
  const { lines } = await reconcile(await newList('.ndjson', objects.join('\n')), ['--url', service.url])
  // Without a header, every line number is one less.
  assert.deepEqual(
    findings(lines),
    FOUND.map((text) => text.replace(/\d+$/, (line) => String(Number(line) - 1))),
  )
})

test('--fix shows the changes and makes none until they are agreed to', async () => {
  const store = await newLedger()
  const file = await newList('.csv', LIST)
  const shown = await runHoldfast(['reconcile', file, '--store', store, '--fix', ...UNTIL])
  assert.equal(shown.exitCode, 1)
  assert.match(
    shown.stdout,
    /unfinished done \(line 2\): done at 70 in the external system, open with 100 held in the ledger → settle done 70\n/,
  )
  assert.match(shown.stdout, /→ release failed\n/)
  assert.match(shown.stderr, /Nothing was changed. To make these changes, add --yes/)
  assert.deepEqual(await statesIn(store, ['done', 'failed']), ['open 0', 'open 0'])

  const { lines, exitCode } = await reconcile(file, ['--store', store, '--fix', '--yes'])
  assert.equal(exitCode, 1, 'some of it no rule can fix')
  assert.partialDeepStrictEqual(lines.at(-1), { plannedCount: 2, fixedCount: 2 })
  const ids = ['done', 'above', 'failed', 'pending', 'unknown', 'settled', 'released']
  const states = ['settled 70', 'open 0', 'released 0', 'open 0', 'open 0', 'settled 60', 'released 0']
  assert.deepEqual(await statesIn(store, ids), states)

  const again = await reconcile(file, ['--store', store, '--fix', '--yes'])
  assert.partialDeepStrictEqual(again.lines.at(-1), { plannedCount: 0, fixedCount: 0, findingsCount: 4 })
})

/** Compares, lets `meanwhile` happen, and applies what was planned. */
async function raceAgainst(
  ledger: Ledger,
  { file, meanwhile }: { readonly file: string; readonly meanwhile: () => Promise<unknown> },
): Promise<{ readonly fixedCount: number; readonly refused: readonly string[] }> {
  using notebook = new Notebook<ListRow>()
  const books = new HoldBooks(ledger, { overage: 'draw', releaseBefore: Date.now() + 1_000 })
  const bounds = { rowsCount: null, since: null, until: Date.now(), needsProof: false, releasePercentMax: 100 }
  const listener = { finding() {}, unreadable() {} }
  const reconciliation = new Reconciliation({ ledger, books, notebook, options: bounds, listener })
  const words = new Map<string, OtherState>(['done', 'failed', 'pending'].map((word) => [word, word as OtherState]))
  const columns = { idColumn: 'request_id', amountColumn: 'amount', statusColumn: 'status', isStatusNeeded: false }
  const others = { delimiter: null, accountColumn: null, counterpartyColumn: null, assetColumn: null }
  const shape = { format: 'csv', ...columns, ...others, words } as const
  const summary = await reconciliation.compare((end) => readList(file, shape, end))
  assert.equal(summary.obstacle, null)
  await meanwhile()
  const refused: string[] = []
  const fixedCount = await reconciliation.apply((fix, error) =>
    refused.push(`${'hold' in fix ? fix.hold : fix.requestId} ${error.code}`),
  )
  return { fixedCount, refused }
}

for (const through of ['a database', 'a service']) {
  test(`a hold that moved after it was compared is reported and left alone, through ${through}`, async () => {
    await using service = await RunningService.start()
    await using ledger = through === 'a service' ? connect(service.url) : await openLedger('memory:')
    await ledger.deposit({ account: 'user:8', amount: 10_000n })
    const ids = ['still', 'parted', 'raised', 'ended', 'failed', 'unknown']
    for (const id of ids) await ledger.freeze({ requestId: id, account: 'user:8', amount: 1_000n })
    const rows = ['still,500,done', 'parted,500,done', 'raised,500,done', 'ended,500,done', 'failed,,failed']
    const file = await newList('.csv', ['request_id,amount,status', ...rows, ''].join('\n'))
    const { fixedCount, refused } = await raceAgainst(ledger, {
      file,
      meanwhile: async () => {
        await ledger.settle('parted', { amount: 180n, final: false })
        await ledger.amend('raised', { by: 500n })
        await ledger.settle('ended', { amount: 320n })
        await ledger.settle('failed', { amount: 20n, final: false })
        await ledger.settle('unknown', { amount: 20n, final: false })
      },
    })
    const moved = ids.slice(1).map((id) => `${id} changed_meanwhile`)
    assert.deepEqual([fixedCount, refused], [1, moved])
    const holds = await Promise.all(ids.map((id) => ledger.hold(id)))
    assert.deepEqual(
      holds.map(({ state, settled }) => `${state} ${settled}`),
      ['settled 500', 'open 180', 'open 0', 'settled 320', 'open 20', 'open 20'],
    )
  })
}

test('what was done at more than is held is settled as --overage says, what nobody knows is released when it is old', async () => {
  const store = await newLedger(['above', 'unknown'])
  const file = await newList('.csv', 'id,cost\nabove,130\nsettled,60\n#end,2\n')
  const columns = ['--id-column', 'id', '--amount-column', 'cost', '--store', store, '--fix', '--yes']
  const young = await reconcile(file, [...columns, '--overage', 'draw', '--release-unknown', '1h'])
  assert.equal(young.exitCode, 1)
  assert.deepEqual(await statesIn(store, ['above', 'unknown']), ['settled 130', 'open 0'])
  const many = await reconcile(file, [...columns, '--release-unknown', '1ms'])
  assert.equal(many.exitCode, 1)
  assert.match(many.stderr, /it would release 1 of the 1 open holds because the list does not have them; at most 5 %/)
  assert.deepEqual(await statesIn(store, ['unknown']), ['open 0'])
  const old = await reconcile(file, [...columns, '--release-unknown', '1ms', '--release-percent-max', '100'])
  assert.equal(old.exitCode, 0, old.stdout)
  assert.deepEqual(await statesIn(store, ['unknown']), ['released 0'])
})

test('a hold counts for what it came to, in parts, late or less a refund', async () => {
  const store = await newLedger(['parts', 'refunded', 'expired', 'streaming'])
  {
    await using ledger = await openLedger(store)
    await ledger.settle('parts', { amount: 30n, final: false })
    await ledger.release('parts')
    await ledger.settle('refunded', { amount: 100n })
    await ledger.refund('refunded', { amount: 40n })
    await ledger.freeze({
      requestId: 'late',
      account: 'user:8',
      amount: 100n,
      expiresInMs: 1,
      onExpiry: { settle: 5n },
    })
    while ((await ledger.hold('late')).state === 'open') await sleep(50)
    await ledger.settle('late', { amount: 60n, late: true })
    await ledger.release('expired')
    await ledger.settle('streaming', { amount: 10n, final: false })
  }
  const rows = ['parts,30,done', 'refunded,60,done', 'late,60,done', 'expired,,failed', 'streaming,10,done']
  const list = ['request_id,amount,status', ...rows, 'settled,60,done', 'released,,failed', ''].join('\r\n')
  const { lines } = await reconcile(await newList('.csv', list), ['--store', store])
  assert.deepEqual(findings(lines), ['unfinished streaming 6'])
  assert.match(JSON.stringify(lines), /open with 90 held and 10 settled in the ledger/)
  const nothing = await newList('.csv', 'request_id,amount,status\r\n')
  const since = ['--store', store, '--since', '2020-01-01T00:00:00Z']
  const extra = findings((await reconcile(nothing, since)).lines)
  assert.deepEqual(extra.toSorted(), [
    'extra late ',
    'extra parts ',
    'extra refunded ',
    'extra settled ',
    'extra streaming ',
  ])
})

test('settled holds that the list does not have are extra ones since a moment that is given', async () => {
  const store = await newLedger([])
  const file = await newList('.csv', 'request_id,amount\n')
  assert.equal((await reconcile(file, ['--store', store])).exitCode, 0)
  const { lines } = await reconcile(file, ['--store', store, '--since', '2020-01-01T00:00:00Z'])
  assert.deepEqual(findings(lines), ['extra settled '])
  const later = await reconcile(file, ['--store', store, '--since', '2999-01-01T00:00:00Z'])
  assert.deepEqual(findings(later.lines), [])
})

test('a hold that is younger than the list is no extra one, and a list must say when it was made', async () => {
  const store = await newLedger(['unknown'])
  const early = await newList('.csv', 'request_id,amount\n#end,0,2020-01-01T00:00:00Z\n')
  const late = await newList('.csv', 'request_id,amount\n#end,0,2999-01-01T00:00:00Z\n')
  assert.equal((await runHoldfast(['reconcile', early, '--store', store])).exitCode, 0)
  assert.equal((await runHoldfast(['reconcile', late, '--store', store])).exitCode, 1)
  const none = await newList('.csv', 'request_id,amount\n#end,0\n')
  const refused = await runHoldfast(['reconcile', none, '--store', store])
  assert.equal(refused.exitCode, 2)
  assert.match(refused.stderr, /does not say when it was made.* Add --until/)
})

test('a list that does not prove that it is complete releases nothing', async () => {
  const store = await newLedger(['unknown', 'done'])
  const fix = ['--store', store, '--fix', '--yes', '--release-unknown', '1ms', '--release-percent-max', '100']
  for (const [text, parameters, message] of [
    ['request_id,amount\n', [], /does not prove that it is complete/],
    ['request_id,amount\ndone,70\n', ['--rows', '2'], /The list has 1 rows, but --rows says 2/],
  ] as const) {
    const { exitCode, stderr } = await reconcile(await newList('.csv', text), [...fix, ...parameters])
    assert.equal(exitCode, 2, stderr)
    assert.match(stderr, message)
    assert.deepEqual(await statesIn(store, ['unknown', 'done']), ['open 0', 'open 0'])
  }
  const stated = await reconcile(await newList('.csv', 'request_id,amount\ndone,70\nsettled,60\n'), [
    ...fix,
    '--rows',
    '2',
  ])
  assert.equal(stated.exitCode, 0, stated.stdout + stated.stderr)
  assert.deepEqual(await statesIn(store, ['unknown', 'done']), ['released 0', 'settled 70'])
})

test('a request that is twice in the list is reported, and then nothing is compared or fixed', async () => {
  const store = await newLedger(['done', 'failed'])
  const file = await newList('.csv', 'request_id,amount,status\ndone,70,done\nfailed,,failed\ndone,80,done\n')
  const { lines, exitCode, stderr } = await reconcile(file, ['--store', store, '--fix', '--yes'])
  assert.equal(exitCode, 1)
  assert.deepEqual(findings(lines), ['duplicate done 4'])
  assert.match(stderr, /Nothing was changed: the list has rows that cannot be read, or that are there twice/)
  assert.deepEqual(await statesIn(store, ['done', 'failed']), ['open 0', 'open 0'])
})

test('a list that its end row does not count in full is refused, and one that it does is said to be whole', async () => {
  const store = await newLedger([])
  const rows = 'request_id,amount,status\nsettled,60,done\n'
  const cut = await reconcile(await newList('.csv', `${rows}#end,2\n`), ['--store', store, '--fix', '--yes'])
  assert.equal(cut.exitCode, 2)
  assert.match(cut.stderr, /Line 3: the end row does not match/)
  const whole = await reconcile(await newList('.csv', `${rows}#end,1\n`), ['--store', store])
  assert.equal(whole.exitCode, 0)
  assert.partialDeepStrictEqual(whole.lines.at(-1), { rowsCount: 1, proof: 'end_row' })
})

test('ambiguous rows are reported with their line, and then nothing is fixed', async () => {
  const store = await newLedger(['done'])
  const rows = ['done,70,done', 'a b,1,done', 'x,1.5,done', 'y,-1,done', 'z,,done', 'q,1,running']
  const file = await newList('.csv', ['request_id,amount,status', ...rows].join('\n'))
  const { lines, stderr } = await reconcile(file, ['--store', store, '--fix', '--yes'])
  const unreadable = lines
    .filter(({ type }) => type === 'unreadable')
    .map(({ line, problem }) => [line, problem].join(' '))
  assert.deepEqual(unreadable, [
    '3 request_id "a b" is not a valid request id',
    '4 amount "1.5" must be a whole number of minor units, 0 or more',
    '5 amount "-1" must be a whole number of minor units, 0 or more',
    '6 amount "" must be a whole number of minor units, 0 or more',
    '7 status "running" must be one of done, failed, pending',
  ])
  assert.match(stderr, /Nothing was changed: the list has rows that cannot be read/)
  assert.deepEqual(await statesIn(store, ['done']), ['open 0'])
})

test('a file that is no list is reported with its line, and exits 2', async () => {
  const store = await newLedger([])
  const files: readonly (readonly [ending: string, text: string | Buffer, message: RegExp])[] = [
    ['.csv', 'request_id,amount\na,1,2\n', /Line 2: 3 fields, but the header has 2/],
    ['.csv', 'id,amount\n', /Line 1: the columns request_id, amount must be in the header.*"id,amount"/],
    ['.csv', 'request_id,amount,amount\n', /a duplicate column/],
    ['.csv', '', /The list is empty/],
    ['.csv', 'request_id,amount\n"a,1\n', /Line 2: a quoted field/],
    ['.csv', Buffer.from([0x61, 0xff]), /not UTF-8/],
    ['.ndjson', '{"request_id":"a","amount":1}\n{', /Line 2: not JSON/],
    ['.txt', '', /--format/],
  ]
  for (const [ending, text, message] of files) {
    const file = newPath(ending)
    await writeFile(file, text)
    const { exitCode, stderr } = await runHoldfast(['reconcile', file, '--store', store])
    assert.equal(exitCode, 2, stderr)
    assert.match(stderr, message)
  }
  assert.equal((await runHoldfast(['reconcile', join(folder, 'none.csv'), '--store', store])).exitCode, 2)
})

test('a list of many rows is compared in bounded memory, and its temporary files are removed', async () => {
  const store = await newLedger([])
  const rows = Array.from({ length: 40_000 }, (_, index) => `call-${index},1,done,${'x'.repeat(1_000)}`)
  const file = await newList('.csv', ['request_id,amount,status,note', ...rows].join('\n'))
  const { exitCode, stdout } = await runHoldfast(['reconcile', file, '--store', store, ...UNTIL], {
    TMPDIR: folder,
    NODE_OPTIONS: '--max-old-space-size=48',
  })
  assert.equal(exitCode, 1)
  assert.match(stdout, /missing +40000 +40000 +0/)
  assert.deepEqual(
    (await readdir(folder)).filter((name) => name.startsWith('holdfast-reconcile-')),
    [],
  )
})

test('lists with semicolons or tabs are read by their header, or as --delimiter says', async () => {
  const store = await newLedger(['done'])
  for (const [text, parameters] of [
    ['request_id;amount;note\r\ndone;70;"a;b"\r\n', []],
    ['request_id\tamount\ndone\t70\n', ['--delimiter', 'tab']],
  ] as const) {
    const { lines } = await reconcile(await newList('.csv', text), ['--store', store, ...parameters])
    assert.deepEqual(findings(lines), ['unfinished done 2'])
  }
  const wrong = await reconcile(await newList('.csv', 'request_id;amount\n'), [
    '--store',
    store,
    '--delimiter',
    'comma',
  ])
  assert.match(wrong.stderr, /there is no column "request_id"; the columns are request_id;amount/)
})

/** Deposits d-1 of 500, d-2 of 30; a charge c-1 of 20; a transfer t-1 of 7 to user:9. */
async function newMovements(): Promise<string> {
  const store = `sqlite:${newPath('.db')}`
  await using ledger = await openLedger(store)
  await ledger.deposit({ requestId: 'd-1', account: 'user:8', amount: 500n })
  await ledger.deposit({ requestId: 'd-2', account: 'user:9', amount: 30n })
  await ledger.charge({ requestId: 'c-1', account: 'user:8', amount: 20n })
  await ledger.transfer({ requestId: 't-1', legs: [{ from: 'user:8', to: 'user:9', amount: 7n }] })
  return store
}

test('deposits, charges and transfers are compared by id, amount and account', async () => {
  const store = await newMovements()
  const accounts = ['--account-column', 'who', '--counterparty-column', 'other', '--store', store]
  const since = ['--since', '2020-01-01T00:00:00Z']
  const rows = {
    deposits: [
      'd-1,500,user:8,@issuer',
      'd-2,31,user:9,@issuer',
      'c-1,20,user:8,@revenue',
      'nowhere,20,user:8,@issuer',
    ],
    charges: ['c-1,20,user:8,@revenue'],
    transfers: ['t-1,7,user:9,user:8'],
  }
  const found = {
    deposits: ['different d-2 3', 'different c-1 4', 'missing nowhere 5'],
    charges: [],
    transfers: ['different t-1 2'],
  }
  for (const kind of ['deposits', 'charges', 'transfers'] as const) {
    const file = await newList('.csv', ['request_id,amount,who,other', ...rows[kind], ''].join('\n'))
    const { lines } = await reconcile(file, ['--of', kind, ...accounts])
    assert.deepEqual(findings(lines), found[kind])
  }
  const none = await newList('.csv', 'request_id,amount\n')
  for (const [of, parameters, found] of [
    ['deposits', [], ['extra d-1 ', 'extra d-2 ']],
    ['transfers', ['--extras-of', 'user:8', 'user:9'], ['extra t-1 ']],
  ] as const) {
    const { lines } = await reconcile(none, ['--of', of, '--store', store, ...since, ...parameters])
    assert.deepEqual(findings(lines).toSorted(), found, of)
  }
})

test('what the ledger lacks is booked under its id once, when --book-missing asks for it', async () => {
  const store = await newMovements()
  const columns = ['--account-column', 'who', '--counterparty-column', 'other', '--asset-column', 'kind']
  const book = [...columns, '--store', store, '--fix', '--yes', '--book-missing']
  for (const [of, row] of [
    ['deposits', 'd-3,40,user:7,@issuer,credit'],
    ['charges', 'c-3,15,user:7,@revenue,credit'],
    ['transfers', 't-3,5,user:7,user:9,credit'],
  ] as const) {
    const file = await newList('.csv', `request_id,amount,who,other,kind\n${row}\n`)
    assert.equal((await reconcile(file, ['--of', of, ...book])).exitCode, 0)
    assert.partialDeepStrictEqual((await reconcile(file, ['--of', of, ...book])).lines.at(-1), { plannedCount: 0 })
  }
  await using ledger = await openLedger(store)
  assert.equal((await ledger.account('user:7')).balances[0]!.available, 20n)
  const poor = await newList('.csv', 'request_id,amount,who,other,kind\nc-4,21,user:7,@revenue,credit\n')
  const refused = await reconcile(poor, ['--of', 'charges', ...book])
  assert.equal(refused.exitCode, 1)
  assert.partialDeepStrictEqual(refused.lines.at(-2), { type: 'refused', kind: 'charge', code: 'insufficient_funds' })
})

test('a Holdfast export of deposits is a list of deposits', async () => {
  const store = await newMovements()
  const { stdout } = await runHoldfast(['postings', 'user:8', '--kind', 'deposit', '--export', 'csv', '--store', store])
  const columns = ['--id-column', 'entryId', '--amount-column', 'availableDelta', '--account-column', 'account']
  const compare = ['--of', 'deposits', ...columns, '--asset-column', 'asset', '--store', store]
  assert.equal((await reconcile(await newList('.csv', stdout), compare)).exitCode, 0)
  const cut = await reconcile(await newList('.csv', stdout.slice(0, stdout.indexOf('#end'))), compare)
  assert.equal(cut.exitCode, 2)
  assert.match(cut.stderr, /without an end row, so it is truncated/)
})

test('options that have no meaning together are refused', async () => {
  const store = await newLedger([])
  const file = await newList('.csv', 'request_id,amount\n')
  for (const parameters of [
    ['--of', 'deposits', '--release-unknown', '1h'],
    ['--book-missing'],
    ['--of', 'transfers', '--book-missing', '--account-column', 'a'],
    ['--release-percent-max', '101'],
  ]) {
    assert.equal(
      (await runHoldfast(['reconcile', file, '--store', store, ...parameters])).exitCode,
      2,
      parameters.join(' '),
    )
  }
})
