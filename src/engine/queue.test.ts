import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import { deposit, freeze, settle } from '../../test/support/commands.ts'
import type { Command, Work } from '../domain/command.ts'
import { HouseStripes } from '../domain/house-stripes.ts'
import { footprint } from '../domain/rules.ts'
import { flowsOf } from './flows.ts'
import { overloaded, Queue } from './queue.ts'
import { SWEEPER } from './sweeper.ts'
import { Ticket } from './ticket.ts'

const STRIPES = new HouseStripes(0)
const LIMITS = { queueCommandsMax: 1_000, batchCommandsMax: 10, inCompanyCommandsMax: 10 }

function queueOf(limits: Partial<typeof LIMITS> = {}): Queue {
  return new Queue({ ...LIMITS, ...limits }, (work) => flowsOf(work, (item) => footprint([item], STRIPES)))
}

function ticketOf(work: Work, caller = '', { deadlineAt = Infinity, submittedAt = 0 } = {}): Ticket {
  return new Ticket(
    { work, caller },
    { submittedAt, deadlineAt },
    { resolve: () => undefined, reject: () => undefined },
  )
}

let ids = 0
const freezeOf = (account: string, requestId = `h-${ids++}`): Command => freeze(requestId, account, 1n)
const groupOf = (account: string, size: number): Work => ({
  kind: 'group',
  commands: Array.from({ length: size }, () => freezeOf(account)),
})
const RATE: Command = { kind: 'declare', asset: 'gold', decimals: 0, name: '' }

/** All that waits, in the order in which batches of `commandsMax` take it. */
function drain(queue: Queue, commandsMax = LIMITS.batchCommandsMax): Ticket[] {
  const taken: Ticket[] = []
  for (let batch = queue.take(commandsMax); batch.length > 0; batch = queue.take(commandsMax)) taken.push(...batch)
  assert.equal(queue.commands, 0)
  return taken
}

function fill(queue: Queue, count: number, make: (index: number) => Ticket): Ticket[] {
  const tickets = Array.from({ length: count }, (_, index) => make(index))
  for (const ticket of tickets) assert.equal(queue.offer(ticket), null)
  return tickets
}

describe('the order', () => {
  test('is that of arrival while everything fits into one batch', () => {
    const queue = queueOf()
    const tickets = fill(queue, 10, (index) => ticketOf(freezeOf(`user:${index % 3}`), `caller-${index % 2}`))
    assert.deepEqual(drain(queue), tickets)
  })

  test('lets a caller with one command pass those with many, however many they have', () => {
    const queue = queueOf()
    fill(queue, 300, () => ticketOf(freezeOf('user:8'), 'noisy'))
    fill(queue, 300, () => ticketOf(freezeOf('user:9'), 'noisy, too'))
    const quiet = ticketOf(freezeOf('user:1'), 'quiet')
    assert.equal(queue.offer(quiet), null)
    assert.ok(queue.take(LIMITS.batchCommandsMax).includes(quiet))
  })

  test('gives callers turns by their commands, not by their requests', () => {
    const queue = queueOf()
    fill(queue, 20, () => ticketOf(groupOf('user:8', 10), 'groups'))
    fill(queue, 200, () => ticketOf(freezeOf('user:9'), 'singles'))
    const first = drain(queue).slice(0, 110)
    const commandsOf = (caller: string): number =>
      first.filter((ticket) => ticket.caller === caller).reduce((sum, { size }) => sum + size, 0)
    assert.ok(
      Math.abs(commandsOf('groups') - commandsOf('singles')) <= 10,
      JSON.stringify(first.map(({ size }) => size)),
    )
  })

  test('lets an account with one command pass a busy account of the same caller', () => {
    const queue = queueOf()
    fill(queue, 500, () => ticketOf(freezeOf('user:8')))
    const quiet = ticketOf(freezeOf('user:1'))
    assert.equal(queue.offer(quiet), null)
    assert.ok(queue.take(LIMITS.batchCommandsMax).includes(quiet))
  })

  test('keeps the commands of one hold in order, whoever is named', () => {
    const queue = queueOf()
    fill(queue, 50, () => ticketOf(freezeOf('user:8')))
    const opens = ticketOf(freezeOf('user:8', 'h'))
    const ends = ticketOf(settle('h', 1n))
    fill(queue, 2, (index) => [opens, ends][index]!)
    const taken = drain(queue)
    assert.ok(taken.indexOf(opens) < taken.indexOf(ends))
  })

  test('keeps a declaration behind all that came before it, and before all that comes after', () => {
    const queue = queueOf()
    const before = fill(queue, 50, () => ticketOf(freezeOf('user:8')))
    const declares = ticketOf(RATE)
    assert.equal(queue.offer(declares), null)
    const after = fill(queue, 50, (index) => ticketOf(freezeOf(`user:${index}`)))
    const taken = drain(queue)
    assert.deepEqual(new Set(taken.slice(0, 50)), new Set(before))
    assert.equal(taken[50], declares)
    assert.deepEqual(new Set(taken.slice(51)), new Set(after))
  })

  test('survives work that no rule understands', () => {
    const queue = queueOf()
    const broken = { kind: 'freeze' } as unknown as Command
    fill(queue, 30, (index) => ticketOf(index % 2 === 0 ? broken : freezeOf('user:8')))
    assert.equal(drain(queue).length, 30)
  })

  test('of each caller keeps that of each account; everything is taken once', () => {
    const arrival = fc.record({
      caller: fc.integer({ min: 0, max: 3 }),
      account: fc.integer({ min: 0, max: 4 }),
      size: fc.integer({ min: 0, max: 12 }),
      takes: fc.integer({ min: 0, max: 15 }),
      answered: fc.boolean(),
    })
    fc.assert(
      fc.property(fc.array(arrival, { maxLength: 150 }), (arrivals) => {
        const queue = queueOf()
        const offered: Ticket[] = []
        const taken: Ticket[] = []
        for (const { caller, account, size, takes, answered } of arrivals) {
          const work = size === 0 ? freezeOf(`user:${account}`) : groupOf(`user:${account}`, size)
          const ticket = ticketOf(work, `caller-${caller}`, answered ? { deadlineAt: 0 } : {})
          if (queue.offer(ticket) === null && !answered) offered.push(ticket)
          if (answered) queue.expire(1)
          if (takes > 10) taken.push(...queue.take(takes))
        }
        taken.push(...drain(queue))
        assert.deepEqual(new Set(taken), new Set(offered))
        assert.equal(taken.length, offered.length)
        const lineOf = ({ work, caller }: Ticket): string => {
          const first = work.kind === 'group' ? work.commands[0]! : work
          return `${caller} ${'account' in first ? first.account : ''}`
        }
        for (const line of new Set(offered.map(lineOf))) {
          const own = (tickets: readonly Ticket[]): Ticket[] => tickets.filter((ticket) => lineOf(ticket) === line)
          assert.deepEqual(own(taken), own(offered))
        }
      }),
      { numRuns: 300 },
    )
  })
})

describe('a batch', () => {
  const IN_COMPANY = { batchCommandsMax: 100, inCompanyCommandsMax: 10 }
  const take = (queue: Queue): Ticket[] => queue.take(IN_COMPANY.batchCommandsMax)

  test('is filled by one caller who is alone', () => {
    const queue = queueOf(IN_COMPANY)
    fill(queue, 300, () => ticketOf(freezeOf('user:8'), 'busy'))
    assert.equal(take(queue).length, 100)
  })

  test('has a small part of a busy caller while another one was heard lately, also when that one waits for nothing', () => {
    const queue = queueOf(IN_COMPANY)
    const busy = (submittedAt: number): Ticket[] =>
      fill(queue, 300, () => ticketOf(freezeOf('user:8'), 'busy', { submittedAt }))
    fill(queue, 3, () => ticketOf(freezeOf('user:1'), 'quiet', { submittedAt: 1 }))
    busy(2)
    const first = take(queue)
    assert.deepEqual([first.length, first.filter(({ caller }) => caller === 'quiet').length], [13, 3])
    assert.equal(take(queue).length, 10)
    busy(5_000)
    assert.equal(take(queue).length, 100)
  })

  test('is filled by two busy callers', () => {
    const queue = queueOf(IN_COMPANY)
    fill(queue, 300, () => ticketOf(freezeOf('user:8'), 'busy'))
    fill(queue, 300, () => ticketOf(freezeOf('user:9'), 'busy, too'))
    assert.equal(take(queue).length, 100)
  })

  test('of a caller is not smaller because the sweeper is there, and the part of the sweeper is', () => {
    const queue = queueOf(IN_COMPANY)
    fill(queue, 300, () => ticketOf(freezeOf('user:8'), SWEEPER))
    fill(queue, 100, () => ticketOf(freezeOf('user:9'), 'busy'))
    const first = take(queue)
    assert.equal(first.length, 100)
    while (queue.commands > 200) take(queue)
    assert.equal(take(queue).length, 10)
  })

  test('has a group that is larger than the part of its caller', () => {
    const queue = queueOf(IN_COMPANY)
    fill(queue, 1, () => ticketOf(freezeOf('user:1'), 'quiet'))
    fill(queue, 2, () => ticketOf(groupOf('user:8', 50), 'busy'))
    assert.deepEqual(
      [take(queue), take(queue), take(queue)].map((batch) => batch.map(({ size }) => size)),
      [[1], [50], [50]],
    )
  })
})

describe('the shares', () => {
  test('leave room for others beside one caller who sends without end, and for other accounts of his', () => {
    const queue = queueOf()
    let crowd = null
    while (crowd === null) crowd = queue.offer(ticketOf(freezeOf('user:8'), 'noisy'))
    assert.equal(crowd, 'account')
    assert.ok(queue.commands >= 790 && queue.commands <= 820, String(queue.commands))
    assert.equal(queue.crowdFor('noisy', freezeOf('user:8')), 'account')
    assert.equal(queue.crowdFor('noisy', freezeOf('user:9')), null)
    crowd = null
    for (let index = 0; crowd === null; index++) crowd = queue.offer(ticketOf(freezeOf(`other:${index}`), 'noisy'))
    assert.equal(crowd, 'caller')
    assert.ok(queue.commands >= 880 && queue.commands <= 900, String(queue.commands))
    assert.equal(queue.crowdFor('noisy', null), 'caller')
    assert.equal(queue.crowdFor('quiet', null), null)
    fill(queue, 50, (index) => ticketOf(freezeOf(`user:${index}`), 'quiet'))
  })

  test('shrink with the number of callers who want all, and leave the same room', () => {
    const queue = queueOf()
    for (let index = 0; index < 5_000; index++) queue.offer(ticketOf(freezeOf(`user:${index}`), `noisy-${index % 10}`))
    assert.ok(queue.commands < 1_000 - 5, String(queue.commands))
    fill(queue, 3, () => ticketOf(freezeOf('user:1'), 'quiet'))
  })

  test('hold for groups by the number of their commands', () => {
    const queue = queueOf()
    fill(queue, 8, () => ticketOf(groupOf('user:8', 100), 'noisy'))
    assert.equal(queue.offer(ticketOf(groupOf('user:9', 100), 'quiet')), null)
    assert.equal(queue.offer(ticketOf(groupOf('user:9', 1), 'noisy')), 'caller')
    assert.equal(queue.offer(ticketOf(groupOf('user:9', 101), 'quiet')), 'all')
    assert.equal(queueOf().offer(ticketOf(groupOf('user:8', 1_000))), null)
  })

  test('are free again when what waited was answered', () => {
    const queue = queueOf()
    while (queue.offer(ticketOf(freezeOf('user:8'), 'noisy', { deadlineAt: 5 })) === null);
    queue.expire(5)
    assert.equal(queue.commands, 0)
    fill(queue, 700, () => ticketOf(freezeOf('user:8'), 'noisy'))
    assert.equal(drain(queue).length, 700)
  })

  test('do not exist below four fifths of the queue', () => {
    const queue = queueOf()
    fill(queue, 800, () => ticketOf(deposit(`d-${ids++}`, 'user:8', 1n), 'one'))
  })

  test('say in the fault who fills the queue', () => {
    for (const [crowd, words] of [
      ['all', /^1000 commands are waiting already/],
      ['caller', /The caller has its share of the 1000/],
      ['account', /The account has its share of the 1000/],
    ] as const) {
      const fault = overloaded(crowd, LIMITS)
      assert.match(fault.message, words)
      assert.deepEqual([fault.code, fault.applied, fault.retryAfterMs], ['overloaded', 'no', 1_000])
    }
  })
})
