/** `holdfast reconcile`, started as a process by a user's command line, on a database and on a service. */
import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { openLedger } from '../../src/ledger.ts'
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

/** A list whose file is newer than every row of the ledger. */
async function newList(ending: string, text: string): Promise<string> {
  const path = newPath(ending)
  await writeFile(path, text)
  const later = Date.now() / 1_000 + 60
  await utimes(path, later, later)
  return path
}

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
  const ran = await runHoldfast(['reconcile', file, '--json', ...parameters])
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
  const shown = await runHoldfast(['reconcile', file, '--store', store, '--fix'])
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

test('what was done at more than is held is settled as --overage says, what nobody knows is released when it is old', async () => {
  const store = await newLedger(['above', 'unknown'])
  const file = await newList('.csv', 'id,cost\nabove,130\nsettled,60\n')
  const columns = ['--id-column', 'id', '--amount-column', 'cost', '--store', store, '--fix', '--yes']
  const young = await reconcile(file, [...columns, '--overage', 'draw', '--release-unknown', '1h'])
  assert.equal(young.exitCode, 1)
  assert.deepEqual(await statesIn(store, ['above', 'unknown']), ['settled 130', 'open 0'])
  const old = await reconcile(file, [...columns, '--release-unknown', '0s'])
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
  const rows = ['parts,30,done', 'refunded,60,done', 'late,65,done', 'expired,,failed', 'streaming,10,done']
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

test('a hold that is younger than the list is no extra one', async () => {
  const store = await newLedger(['unknown'])
  const file = newPath('.csv')
  await writeFile(file, 'request_id,amount\n')
  await utimes(file, 1, 1)
  assert.equal((await reconcile(file, ['--store', store])).exitCode, 0)
})

test('a request that is twice in the list is reported, and not fixed', async () => {
  const store = await newLedger(['done'])
  const file = await newList('.csv', 'request_id,amount\ndone,70\nsettled,60\ndone,80\n')
  const { lines, exitCode } = await reconcile(file, ['--store', store, '--fix', '--yes'])
  assert.equal(exitCode, 1)
  assert.deepEqual(findings(lines), ['unfinished done 2', 'duplicate done 4'])
  assert.deepEqual(await statesIn(store, ['done']), ['open 0'])
})

test('a list that its end row does not count in full is refused, and one that it does is said to be whole', async () => {
  const store = await newLedger([])
  const rows = 'request_id,amount,status\nsettled,60,done\n'
  const cut = await reconcile(await newList('.csv', `${rows}#end,2\n`), ['--store', store, '--fix', '--yes'])
  assert.equal(cut.exitCode, 2)
  assert.match(cut.stderr, /Line 3: the end row does not match/)
  const whole = await reconcile(await newList('.csv', `${rows}#end,1\n`), ['--store', store])
  assert.equal(whole.exitCode, 0)
  assert.partialDeepStrictEqual(whole.lines.at(-1), { rowsCount: 1, isCounted: true })
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
  assert.match(stderr, /Nothing was changed, because the list has unreadable rows/)
  assert.deepEqual(await statesIn(store, ['done']), ['open 0'])
})

test('a file that is no list is reported with its line, and exits 2', async () => {
  const store = await newLedger([])
  const files: readonly (readonly [ending: string, text: string | Buffer, message: RegExp])[] = [
    ['.csv', 'request_id,amount\na,1,2\n', /Line 2: 3 fields, but the header has 2/],
    ['.csv', 'id,amount\n', /Line 1: there is no column "request_id"; the columns are id, amount/],
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
  const { exitCode, stdout } = await runHoldfast(['reconcile', file, '--store', store], {
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
