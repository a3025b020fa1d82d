/** Who gave a command is kept with everything that it did, and shown wherever that is shown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ADDRESS_LENGTH_MAX, showAuthor, type By, type ShownAuthor } from '../../src/domain/by.ts'
import type { Command } from '../../src/domain/command.ts'
import type { Entry, HoldEvent } from '../../src/domain/journal.ts'
import type { Reader } from '../../src/engine/reader.ts'
import { KEY_NAME_LENGTH_MAX } from '../../src/engine/actor-book.ts'
import { ACTORS, BILLING, confined, enterActors, SUPPORT, TRACE, useOf } from '../support/authors.ts'
import {
  across,
  amend,
  block,
  charge,
  declare,
  deposit,
  freeze,
  leg,
  merge,
  open,
  rate,
  refund,
  release,
  settle,
  settlePart,
  transfer,
  unblock,
} from '../support/commands.ts'
import { Books, HOUR_MS, readAll } from './books.ts'
import type { OpenHarness } from './harness.ts'

/** Without a trace. */
const QUIET: By = { ...SUPPORT, trace: null }

function by(author: By | null, command: Command): Command {
  return author === null ? command : { ...command, givenBy: author }
}

/** The entries that each command makes, and who gave it. */
const WORK: readonly (readonly [author: By | null, command: Command, ...entries: string[]])[] = [
  [BILLING, declare('gem')],
  [SUPPORT, rate('credit', 'gem', [1n, 2n])],
  [BILLING, deposit('d8', 'user:8', 1_000n, { memo: 'x' }), 'd8'],
  [null, deposit('d9', 'user:9', 1_000n), 'd9'],
  [QUIET, open('o', 'user:8', -50n), 'o'],
  [SUPPORT, open('meta', 'user:5', null, { asset: null, metadata: { a: 1 } }), 'meta'],
  [SUPPORT, charge('c', 'user:8', 100n), 'c'],
  [QUIET, refund('back', 'c', 30n), 'back'],
  [BILLING, transfer('t', [leg('user:8', 'user:9', 10n), across('user:8', 'user:9', [4n, 'credit'], ['gem'])]), 't'],
  [BILLING, freeze('h', 'user:8', 60n), 'h'],
  [SUPPORT, settle('h', 50n), 'h~settle'],
  [QUIET, refund('r', 'h', 5n), 'r'],
  [null, freeze('free', 'user:8', 6n), 'free'],
  [SUPPORT, release('free'), 'free~release'],
  [SUPPORT, freeze('life', 'user:8', 60n, { expiresInMs: HOUR_MS }), 'life'],
  [BILLING, settlePart('p1', 'life', 10n), 'p1'],
  [null, settlePart('p2', 'life', 10n), 'p2'],
  [QUIET, amend('a', 'life', { by: 5n }), 'a'],
  [BILLING, settle('life', 20n), 'life~settle'],
  [SUPPORT, freeze('other', 'user:8', 10n), 'other'],
  [BILLING, settle('other', 4n, 'reject', { payee: 'user:6' }), 'other~settle'],
  [BILLING, freeze('due', 'user:8', 20n, { expiresInMs: 1, onExpiry: { settle: 5n } }), 'due'],
  [null, release('due', 'expiry'), 'due~settle'],
  [SUPPORT, settle('due', 8n, 'draw', { late: true }), 'due~late'],
  [SUPPORT, block('b', 'user:9'), 'b'],
  [BILLING, unblock('u', 'user:9'), 'u'],
  [null, freeze('last', 'user:9', 10n), 'last'],
  [SUPPORT, merge('m', 'user:9', 'user:7'), 'm'],
  [BILLING, release('last'), 'last~release', 'last~release~merge'],
]

const AUTHORS: ReadonlyMap<string, ShownAuthor | null> = new Map(
  WORK.flatMap(([author, , ...entries]) => entries.map((entry) => [entry, showAuthor(author)] as const)),
)

const COMMANDS = WORK.map(([author, command]) => by(author, command))

async function assertShown(reader: Reader): Promise<void> {
  for (const [id, author] of AUTHORS) assert.deepEqual((await reader.entry(id))?.by, author, id)
  const lines = []
  for (const [account, asset] of [
    ['user:8', 'credit'],
    ['user:9', 'credit'],
    ['user:9', 'gem'],
    ['user:6', 'credit'],
    ['user:7', 'credit'],
    ['@revenue', 'credit'],
  ] as const) {
    const own = await readAll((page) => reader.postings({ account, asset, kind: null, ...page }), 7)
    for (const { entryId, by: shown } of own) assert.deepEqual(shown, AUTHORS.get(entryId), `${account} ${entryId}`)
    lines.push(...own)
  }
  assert.ok(lines.length > AUTHORS.size)
  for (const hold of ['h', 'free', 'life', 'other', 'due', 'last', 'c']) {
    const events = await readAll<HoldEvent>(async (page) => (await reader.holdHistory({ hold, ...page }))!, 2)
    for (const { entry, by: shown } of events) assert.deepEqual(shown, AUTHORS.get(entry), `${hold} ${entry}`)
    const query = { account: 'user:8', asset: 'credit', kind: null, hold, limit: 100, cursor: null }
    for (const { entryId, by: shown } of (await reader.postings(query)).items) {
      assert.deepEqual(shown, AUTHORS.get(entryId), `${hold} ${entryId}`)
    }
  }
  const { items } = await reader.feed({ limit: 1_000, cursor: null, start: 'beginning' })
  assert.deepEqual(new Set(items.map(({ id }) => id)), new Set(AUTHORS.keys()))
  for (const { id, by: shown } of items) assert.deepEqual(shown, AUTHORS.get(id), id)
}

export function describeAuthors(openHarness: OpenHarness): void {
  test('a key and an address are entered once, whoever asks, and again under another name', async () => {
    await using harness = await openHarness()
    const [one, other] = [await harness.open(), await harness.open()]
    const use = useOf(BILLING.actor)
    const first = await one.actors.actor(use, 1)
    const same = await Promise.all([one, other, one, other].map(({ actors }) => actors.actor(use, 2)))
    assert.deepEqual(same, [first, first, first, first])
    const renamed = { ...use, key: '计费 "\\' }
    const long = { ...use, key: 'k'.repeat(KEY_NAME_LENGTH_MAX), address: 'a'.repeat(ADDRESS_LENGTH_MAX) }
    const others = [{ ...use, keyNumber: use.keyNumber + 1 }, renamed, { ...use, address: '::1' }, long]
    const found = await Promise.all(others.map((each) => other.actors.actor(each, 3)))
    assert.equal(new Set([first, ...found].map(({ number }) => number)).size, 5)
    for (const [index, { key, address }] of found.entries()) {
      assert.deepEqual([key, address], [others[index]!.key, others[index]!.address])
      assert.deepEqual(await one.actors.actor(others[index]!, 4), found[index])
    }
  })

  for (const [title, size] of [
    ['one by one', 1],
    ['in two commits', WORK.findIndex(([, command]) => command.kind === 'release' && command.cause === 'expiry')],
  ] as const) {
    test(`entries, statements, histories and the feed show who gave a command, ${title}`, async () => {
      await using harness = await openHarness()
      const storage = await harness.open()
      await enterActors(storage.actors)
      const books = new Books(storage.store)
      for (let start = 0; start < COMMANDS.length; start += size) {
        for (const [index, answer] of (await books.apply(...COMMANDS.slice(start, start + size))).entries()) {
          const [author, , id] = WORK[start + index]!
          if ('postings' in answer) assert.deepEqual(answer.by, showAuthor(author), id)
        }
      }
      await assertShown((await harness.open()).reader)
      for (const check of storage.auditor.checks) assert.deepEqual(await storage.auditor.run(check, 1), [], check.id)
    })
  }

  test('a repeat by somebody else is a repeat, and the first author stays on record', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    await enterActors(storage.actors)
    await new Books(storage.store).apply(
      by(BILLING, deposit('d', 'user:8', 10n)),
      by(BILLING, freeze('h', 'user:8', 5n)),
    )
    await new Books(storage.store).apply(by(BILLING, settle('h', 1n)))
    const books = new Books((await harness.open()).store)
    const repeats = [deposit('d', 'user:8', 10n), freeze('h', 'user:8', 5n), settle('h', 1n)]
    for (const author of [SUPPORT, QUIET, null]) {
      const outcomes = await books.commit(...repeats.map((command) => by(author, command)))
      for (const outcome of outcomes) assert.ok(outcome.status === 'applied' && outcome.replayed)
      const [first] = outcomes
      assert.deepEqual(first?.status === 'applied' && (first.answer as Entry).by, { ...SHOWN, trace: TRACE })
    }
    for (const id of ['d', 'h', 'h~settle']) {
      assert.deepEqual((await storage.reader.entry(id))?.by, { ...SHOWN, trace: TRACE }, id)
    }
  })

  test('a key learns nothing about a hold that it is not for, and does nothing to it', async () => {
    await using harness = await openHarness()
    const storage = await harness.open()
    await enterActors(storage.actors)
    await new Books(storage.store).apply(
      deposit('d', 'user:8', 10n),
      freeze('h', 'user:8', 5n),
      deposit('e', 'team:1', 5n),
    )
    const books = new Books((await harness.open()).store)
    const team = confined({ accounts: ['team:'] })
    const attempts = [
      settle('h', 1n),
      release('h'),
      amend('a', 'h', { by: 1n }),
      refund('r', 'h', 1n),
      settle('none', 1n),
    ]
    const outcomes = await books.commit(...attempts.map((command) => by(team, command)))
    for (const [index, outcome] of outcomes.entries()) {
      const { hold } = attempts[index]! as { readonly hold: string }
      assert.deepEqual(outcome, { status: 'rejected', rejection: { code: 'hold_not_found', hold } })
    }
    const [payment, own] = await books.commit(
      by(team, transfer('t', [leg('team:1', 'user:8', 1n)])),
      by(team, charge('c', 'team:1', 1n)),
    )
    assert.deepEqual(payment, { status: 'rejected', rejection: { code: 'forbidden', limit: 'accounts' } })
    assert.equal(own?.status, 'applied')
    assert.equal((await storage.reader.hold('h'))?.steps, 0)
    assert.equal(await storage.reader.entry('t'), null)
  })
}

const SHOWN = { key: ACTORS[0].key, address: ACTORS[0].address }
