import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempDisposable } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { auditBridgedBooks } from '../audit/bridged-books.ts'
import { NO_CALLS } from '../audit/tally.ts'
import { labStores } from '../stores.ts'
import { Rehearsal } from '../strategies/rehearsal.ts'
import { STRATEGIES } from '../strategies/catalogue.ts'
import { holdfastCallers, installBridge, mixesOf } from './coexist.ts'
import { bridgeRatio, readCoexist, type CoexistRow } from './figures.ts'

const MAIN = join(import.meta.dirname, 'main.ts')
const BRIDGED = labStores().filter(({ name }) => name !== 'sqlite')

function run(...words: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [MAIN, ...words], { encoding: 'utf8' })
}

for (const { name, url: store } of BRIDGED) {
  describe(`old code beside Holdfast on ${name}`, () => {
    test('both sides are measured in every mix, without a deadlock for the old side, and both books are exact', async () => {
      await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-coexist-'))
      const file = join(folder.path, 'coexist.json')
      const extent = [
        '--store',
        store,
        '--seconds',
        '0.5',
        '--warmup',
        '0.1',
        '--callers',
        '12',
        '--users',
        '20',
        '--save',
        file,
      ]
      const hot = run(...extent, '--only', 'hot', '--strategies', 'cas', '--shares', '0,50,100')
      assert.equal(hot.status, 0, hot.stderr)
      assert.match(hot.stdout, /12 callers on one user, 0\.5 s per row/)
      const spread = run(...extent, '--only', 'spread', '--strategies', 'row-lock', '--shares', '50')
      assert.equal(spread.status, 0, spread.stderr)
      assert.match(spread.stdout, /12 callers on 20 users by Zipf’s law/)
      const rows = await readCoexist(file)
      const names = rows.map(({ users, old, share, bridged }) => `${users} ${old} ${share} ${bridged}`)
      const alone = ['1 null 100 false', '1 null 100 true']
      assert.deepEqual(names, ['1 cas 0 false', '1 cas 0 true', '1 cas 50 true', ...alone, '20 row-lock 50 true'])
      for (const row of rows) {
        const label = JSON.stringify(row)
        assert.ok(row.consistent, label)
        assert.equal(row.oldSide !== null, row.share < 100, label)
        assert.equal(row.holdfast !== null, row.share > 0, label)
        for (const side of [row.oldSide, row.holdfast]) {
          if (side !== null) assert.ok(side.commandsPerSecond > 0 && side.p50Ms > 0 && side.p99Ms >= side.p50Ms, label)
        }
        assert.equal(row.oldSide?.deadlocks ?? 0, 0, label)
        assert.equal(row.holdfast?.errors['deadlock'], undefined, label)
        const hasRatio = row.bridged && row.share !== 50
        assert.equal(bridgeRatio(row, rows) !== null, hasRatio, label)
      }
    })

    test('coins that appear on the old side, and logs that are lost, are found in the books', async () => {
      await using rehearsal = await Rehearsal.prepare({ store, strategy: 'row-lock' })
      const { site } = rehearsal
      await installBridge(site, 'row-lock')
      const { tally } = await rehearsal.load('life', 20, { inFlight: 1 })
      const player = await STRATEGIES.holdfast.open(site)
      try {
        await player.lives!.freeze({ requestId: 'new-1', user: 8, amount: 616 })
        await player.lives!.freeze({ requestId: 'new-2', user: 8, amount: 616 })
        await player.lives!.settle({ requestId: 'new-1', user: 8 }, 500)
      } finally {
        await player[Symbol.asyncDispose]()
      }
      const ofHoldfast = { ...NO_CALLS, freezes: 2, settles: 1 }
      assert.deepEqual(await auditBridgedBooks(site, [tally], [ofHoldfast]), [])
      assert.deepEqual(await auditBridgedBooks(site, [tally], [{ ...ofHoldfast, settles: 0 }]), [
        'settles: 0 acknowledged, 1 in the rows',
      ])
      await using database = await rehearsal.rows()
      await database.run(['UPDATE users SET balance = balance + 1'])
      // The ledger has followed, so the two books agree.
      assert.deepEqual(await auditBridgedBooks(site, [tally], [ofHoldfast]), [
        'the row of user 8 does not match both logs',
      ])
      await database.run([
        'UPDATE users SET balance = balance - 1',
        `DELETE FROM compute_freeze_logs WHERE status = 'settled'`,
      ])
      const found = (await auditBridgedBooks(site, [tally], [ofHoldfast])).join('\n')
      assert.match(found, /does not match both logs\nfreezes: \d+ acknowledged, \d+ in the rows/)
    })
  })
}

test('SQLite is refused by its name, and so are strategies that are not of the old side', () => {
  const refused: Readonly<Record<string, RegExp>> = {
    '--store sqlite:': /^error: coexist needs a bridge, and SQLite has none: use MySQL, MariaDB or PostgreSQL\./,
    '--store mysql://root@127.0.0.1 --strategies raw': /Old strategies are row-lock, cas, update-first/,
    '--store mysql://root@127.0.0.1 --shares 101': /whole number from 0 to 100/,
  }
  for (const [words, message] of Object.entries(refused)) {
    const { status, stdout, stderr } = run(...words.split(' '))
    assert.match(stderr, message)
    assert.deepEqual([status, stdout], [2, ''], words)
  }
})

test('each side of a mix has a caller, and a side alone is measured with a bridge and without', () => {
  assert.deepEqual(
    [0, 1, 50, 99, 100].map((share) => holdfastCallers(10, share)),
    [0, 1, 5, 9, 10],
  )
  assert.deepEqual(mixesOf(['cas'], [0, 10, 100]), [
    { old: 'cas', share: 0, bridged: false },
    { old: 'cas', share: 0, bridged: true },
    { old: 'cas', share: 10, bridged: true },
    { old: null, share: 100, bridged: false },
    { old: null, share: 100, bridged: true },
  ])
})

test('the cost of a bridge is the share of the rate that is left of a side alone', () => {
  const side = { commandsPerSecond: 80, roundsCommandsPerSecond: [80], p50Ms: 1, p99Ms: 2, retriesPerCommand: 0 }
  const counted = { ...side, errors: {}, lockTimeouts: 0, deadlocks: 0 }
  const row: CoexistRow = {
    old: 'cas',
    share: 0,
    bridged: true,
    flavour: 'mysql',
    version: '9.7',
    users: 1,
    distribution: 'uniform',
    callers: 100,
    seconds: 1,
    rounds: 1,
    oldSide: counted,
    holdfast: null,
    locks: { deadlocks: 0, lockTimeouts: 0 },
    consistent: true,
    findings: [],
    madeAt: '2026-01-01T00:00:00.000Z',
  }
  const bare = { ...row, bridged: false, oldSide: { ...counted, commandsPerSecond: 100 } }
  const others = [{ ...bare, users: 1_000 }, { ...bare, old: 'row-lock' } as const]
  assert.equal(bridgeRatio(row, [...others, bare]), 0.8)
  assert.equal(bridgeRatio(row, others), null)
  assert.equal(bridgeRatio(bare, [bare]), null)
  assert.equal(bridgeRatio({ ...row, holdfast: counted }, [bare]), null)
})
