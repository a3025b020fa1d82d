/** The life of holds on the command line: parts, amends, refunds, late settles, histories, and stuck holds. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { after, before, describe, test } from 'node:test'
import type { Ledger } from '../../src/api/ledger.ts'
import { stuckHolds } from '../../src/cli/stuck-holds.ts'
import { connect } from '../../src/client/index.ts'
import { RunningService } from '../support/running-service.ts'
import { repeatOf } from '../support/repeats.ts'
import { runHoldfast, type Ran } from '../../harness/service-process.ts'

let service: RunningService
let ledger: Ledger

before(async () => {
  service = await RunningService.start()
  ledger = connect(service.url)
})
after(async () => {
  await ledger.close()
  await service[Symbol.asyncDispose]()
})

type Environment = Readonly<Record<string, string>>

async function run(line: string, environment: Environment = { HOLDFAST_URL: service.url }): Promise<Ran> {
  return await runHoldfast(line.split(' '), environment)
}

/** Runs a command that must succeed, and returns what it prints. */
async function shownBy(line: string, environment?: Environment): Promise<string> {
  const { exitCode, stdout, stderr } = await run(line, environment)
  assert.equal(exitCode, 0, `${line}: ${stderr}${stdout}`)
  return stdout
}

async function jsonOf(line: string, environment?: Environment): Promise<Record<string, unknown>> {
  return JSON.parse(await shownBy(`${line} --json`, environment)) as Record<string, unknown>
}

async function fails(line: string, exitCode: number, says: RegExp): Promise<void> {
  const ran = await run(line)
  assert.equal(ran.exitCode, exitCode, `${line}: ${ran.stdout}${ran.stderr}`)
  assert.match(ran.stderr, says, line)
  assert.equal(ran.stdout, '', line)
}

async function freeze(id: string, amount: bigint, expiresInMs = 600_000): Promise<void> {
  await ledger.deposit({ account: `user:${id}`, amount: 1_000n })
  await ledger.freeze({ requestId: id, account: `user:${id}`, amount, expiresInMs })
}

/** Runs on the store or service that the environment names. */
async function liveStepByStep(environment: Environment): Promise<void> {
  const json = (line: string): Promise<Record<string, unknown>> => jsonOf(line, environment)
  const shows = (line: string): Promise<string> => shownBy(line, environment)
  await json('deposit user:8 1000')
  const frozen = await json('freeze user:8 600 --request-id life --on-expiry-settle 50')
  assert.deepEqual(frozen['onExpiry'], { settle: '50' })
  const part = await json('settle life 200 --part --request-id p-1 --payee shop:1 --memo page-1 --metadata {"n":1}')
  assert.partialDeepStrictEqual(part, { state: 'open', held: '400', settled: '200', payee: 'shop:1' })
  assert.deepEqual(
    await json('settle life 200 --part --request-id p-1 --payee shop:1 --memo page-1 --metadata {"n":1}'),
    repeatOf(part),
  )
  const amended = await json('amend life --amount 900 --expires-in 2h --request-id a-1 --on-expiry-settle 70')
  assert.partialDeepStrictEqual(amended, { amount: '900', held: '700', onExpiry: { settle: '70' } })
  assert.equal((await json('amend life --on-expiry-release --request-id a-2'))['onExpiry'], null)
  assert.partialDeepStrictEqual(await json('settle life 300'), { state: 'settled', settled: '500', released: '400' })
  assert.equal((await json('refund life 20 --request-id r-1 --memo sorry'))['refunded'], '20')
  const again = await json('freeze user:8 600 --request-id life --on-expiry-settle 50')
  assert.deepEqual(again, repeatOf(frozen, await json('hold life')))
  const told = await shows('freeze user:8 600 --request-id life --on-expiry-settle 50')
  assert.match(
    told,
    /A repeat: this is the first answer again, nothing was done now\.\nThe hold "life" is settled now: 0 held, 500 settled/,
  )
  const { exitCode, stdout } = await run('settle life 300 --if-replayed refuse --json', environment)
  assert.equal(exitCode, 1)
  assert.partialDeepStrictEqual(JSON.parse(stdout), { code: 'request_replayed', state: 'settled', applied: 'no' })
  const view = await shows('hold life')
  assert.match(view, /^settled +500$/m)
  assert.match(view, /^refunded +20$/m)
  assert.doesNotMatch(view, /late|on expiry|drawn/)
  const history = (await shows('history life')).trimEnd().split('\n')
  assert.match(history[0]!, /^# +at +kind +entry +state +amount +held +settled/)
  const expected = [
    /^0 .* freeze +life +open +600 +600 +0 /,
    /^1 .* settle +p-1 +open +600 +400 +200 /,
    /^2 .* amend +a-1 +open +900 +700 +200 /,
    /^3 .* amend +a-2 +open +900 +700 +200 /,
    /^4 .* settle +life~settle +settled +900 +0 +500 +400 /,
    /^5 .* refund +r-1 +settled +900 +0 +500 +400 +20 /,
  ]
  assert.equal(history.length, expected.length + 1)
  for (const [index, line] of expected.entries()) assert.match(history[index + 1]!, line)
  const page = await json('history life --limit 4')
  assert.equal((page['items'] as unknown[]).length, 4)
  const rest = await json(`history life --limit 4 --cursor ${String(page['next'])}`)
  assert.deepEqual([(rest['items'] as unknown[]).length, rest['next']], [2, null])
  assert.match(await shows('history life --limit 4'), /For the next page, add --cursor \S+\n$/)
  assert.match(await shows('entry r-1'), /^hold +life$/m)
  assert.match(await shows('postings user:8 --hold life --kind amend'), /a-2[^]*a-1/)
}

describe('the life of a hold', () => {
  test('is shown step by step through a service, and its history shows every step', async () => {
    await liveStepByStep({ HOLDFAST_URL: service.url })
  })

  test('and the same on a database file', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-cli-holds-'))
    const environment = { HOLDFAST_STORE: `sqlite:${join(folder, 'ledger.db')}` }
    await liveStepByStep(environment)
    assert.equal((await jsonOf('verify', environment))['ok'], true)
    await rm(folder, { recursive: true })
  })

  test('that expired can be settled late, once', async () => {
    await freeze('late', 600n, 1)
    await sleep(5)
    await service.expire('late')
    await fails(
      'settle late 500',
      1,
      /hold_not_open: The hold "late" has already expired\.\n.*history late\n.*settle late AMOUNT --late/,
    )
    const settled = await jsonOf('settle late 500 --late')
    assert.partialDeepStrictEqual(settled, { state: 'expired', settled: '500', settledLate: '500', drawn: '500' })
    assert.deepEqual(await jsonOf('settle late 500 --late'), repeatOf(settled))
    assert.match(await shownBy('hold late'), /^settled late +500$/m)
    await fails('settle late 1 --late', 1, /hold_not_open/)
  })
})

describe('a charge', () => {
  test('is refunded up to totals, and may be an overdraft', async () => {
    await shownBy('charge user:debtor 150 --overdraft --request-id fix')
    await fails('freeze user:debtor 1', 1, /insufficient_funds: "user:debtor" has -150 credit available/)
    assert.partialDeepStrictEqual(await jsonOf('refund fix --to-total 60 --request-id e-2'), { refunded: '60' })
    assert.partialDeepStrictEqual(await jsonOf('refund fix --to-total 30 --request-id e-1'), { refunded: '60' })
    await fails('refund fix 91', 1, /refund_above_settled/)
    await fails('refund fix', 2, /Give an amount, or --to-total in its place/)
    assert.match(await shownBy('history fix'), /^0 .* charge +fix/m)
  })
})

describe('an error comes with a remedy', () => {
  test('a wrong command line exits 2', async () => {
    await freeze('wrong', 100n)
    const expected: readonly (readonly [line: string, says: RegExp])[] = [
      ['settle wrong 5 --part --late', /--late is not possible with --part/],
      ['settle wrong 5 --request-id p-1', /--request-id, --memo and --metadata are only possible with --part/],
      ['settle wrong 5 --metadata {}', /are only possible with --part/],
      ['settle wrong 0 --part', /amount must be from 1 to /],
      ['amend wrong', /Give --amount, --by, --expires-in, --on-expiry-settle or --on-expiry-release/],
      ['amend wrong --expires-in 10', /90s, 10m, 2h, 1d/],
      ['amend wrong --on-expiry-settle 1 --on-expiry-release', /cannot be used with/],
      ['freeze user:wrong 1 --on-expiry-settle 0', /--on-expiry-settle must be from 1 to /],
      ['refund wrong', /Give an amount, or --to-total in its place/],
      ['history a~b', /id must be/],
      ['holds --open-for 1d', /--open-for is only possible with --stuck/],
      ['holds --stuck --account user:8', /all accounts/],
    ]
    for (let from = 0; from < expected.length; from += 4) {
      await Promise.all(expected.slice(from, from + 4).map(([line, says]) => fails(line, 2, says)))
    }
    assert.equal((await ledger.holdHistory('wrong')).items.length, 1)
  })

  test('a rejection exits 1 with its numbers and what to do', async () => {
    await freeze('no', 100n)
    await ledger.settle('no', { amount: 40n, final: false })
    await fails('settle no 61 --part', 1, /settle_above_hold: The hold "no" has only 60\./)
    await fails('settle no 1 --payee shop:1', 1, /payee_fixed: .*"@revenue".*\nLeave out --payee\./)
    await fails('amend no --amount 39', 1, /amend_out_of_range: .* at least 40, .*\nUse another amount\./)
    await fails('refund no 41', 1, /refund_above_settled: .*40 were settled .*; 0 of them were already refunded/)
    await fails('amend no --expires-in 31d', 1, /expiry_out_of_range/)
    await fails('history nope', 1, /hold_not_found/)
  })

  test('insufficient funds name what is held, and the command that lists the holds works as it is printed', async () => {
    await freeze('short', 100n)
    const { stderr, exitCode } = await run('charge user:short 901')
    assert.equal(exitCode, 1)
    assert.match(stderr, /has 900 credit available; 901 are needed\. 100 more are held/)
    const [, line] = /^List the open holds: holdfast (.*)$/m.exec(stderr) ?? []
    assert.ok(line, stderr)
    const listed = await jsonOf(line)
    assert.deepEqual(
      (listed['items'] as { id: string }[]).map(({ id }) => id),
      ['short'],
    )
  })
})

describe('holds that are stuck', () => {
  test('are those whose expiry has passed, by expiry, and then those that are open for long', async () => {
    await using own = await RunningService.start()
    await using others = connect(own.url)
    await others.deposit({ account: 'user:8', amount: 100n })
    const environment = { HOLDFAST_URL: own.url }
    assert.equal((await runHoldfast(['holds', '--stuck'], environment)).stdout, 'No stuck holds.\n')
    await others.freeze({ requestId: 'old', account: 'user:8', amount: 10n, expiresInMs: 7_200_000 })
    await others.freeze({ requestId: 'due-2', account: 'user:8', amount: 20n, expiresInMs: 1_000 })
    await others.freeze({ requestId: 'due-1', account: 'user:8', amount: 30n, expiresInMs: 1, metadata: { a: 1 } })
    await sleep(1_500)
    const young = Array.from({ length: 5 }, (_, index) =>
      others.freeze({ requestId: `young-${index}`, account: 'user:8', amount: 1n, expiresInMs: 3_600_000 }),
    )
    await Promise.all(young)
    const lines = async (flags: string): Promise<readonly string[]> => {
      const { exitCode, stdout, stderr } = await runHoldfast(`holds --stuck${flags}`.split(' '), environment)
      assert.equal(exitCode, 0, stderr)
      return stdout.trimEnd().split('\n')
    }
    const due = await lines('')
    assert.match(due[0]!, /^hold +account +asset +held +settled +open for +expiry$/)
    assert.deepEqual([due.length, ...due.slice(1).map((line) => line.split(' ')[0])], [3, 'due-1', 'due-2'])
    assert.match(due[1]!, /^due-1 +user:8 +credit +30 +0 +\d+s +\d+s ago$/)
    const now = Date.now()
    const found = async (openForMs: number, more: object = {}): Promise<readonly string[]> => {
      const { items } = await stuckHolds(others, { now, openForMs, ...more })
      return items.map(({ id }) => id)
    }
    const sinceOld = now - (await others.hold('due-1')).createdAt - 300
    assert.deepEqual(await found(sinceOld), ['due-1', 'due-2', 'old'])
    assert.deepEqual(await found(sinceOld, { metadata: { a: 1 } }), ['due-1'])
    assert.deepEqual(await found(now * 2), ['due-1', 'due-2'])
    // Pages with young holds only are not read.
    let reads = 0
    const counting: Pick<Ledger, 'holds'> = {
      holds: async (input) => {
        reads += 1
        return await others.holds(input)
      },
    }
    assert.equal((await stuckHolds(counting, { now, openForMs: sinceOld, limit: 3 })).items.length, 3)
    assert.equal(reads, 2)
    const ids: string[] = []
    for (let cursor: string | null = null, pages = 0; pages === 0 || cursor !== null; pages++) {
      assert.ok(pages < 4, 'the pages do not end')
      const from: object = cursor === null ? {} : { cursor }
      const page = await stuckHolds(others, { now, openForMs: sinceOld, limit: 1, ...from })
      assert.ok(page.items.length <= 1)
      ids.push(...page.items.map(({ id }) => id))
      cursor = page.next
    }
    assert.deepEqual(ids, ['due-1', 'due-2', 'old'])
    assert.match((await lines(' --limit 1')).at(-1)!, /^For the next page, add --cursor \S+$/)
    assert.match((await lines(' --open-for 1ms')).at(-1)!, /^old +user:8 .* in 1h 59m$/)
  })
})
