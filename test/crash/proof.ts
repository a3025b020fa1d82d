/** The proof that the books agree with the answers that callers received, whatever was killed meanwhile. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { BATCH_COMMANDS_MAX } from '../../src/api/contracts.ts'
import { type BatchOutcome, type Ledger } from '../../src/api/ledger.ts'
import type { Posting } from '../../src/domain/journal.ts'
import type { EmbeddedLedger } from '../../src/ledger.ts'
import { fateOf, type Call, type Fate } from './callers.ts'
import { effectsOf, entryOf, USERS, type Effect, type Freeze, type Sent } from './workload.ts'

const PAGE_ROWS = 1_000

export interface Aftermath {
  readonly calls: readonly Call[]
  /** The database after the end, opened in a process that was not part of the run. */
  readonly ledger: EmbeddedLedger
}

/** The users' postings, by entry and user. */
type Journal = ReadonlyMap<string, Posting>

/** Declares the tests. @param aftermath called after the callers have stopped */
export function describeProof(aftermath: () => Aftermath): void {
  let journal: Journal
  /** The entries in the journal. */
  let present: ReadonlySet<string>

  before(async () => {
    journal = await journalOf(aftermath().ledger)
    present = new Set([...journal.values()].map(({ entryId }) => entryId))
  })

  test('every law holds', async () => {
    await assertLaws(aftermath().ledger)
  })

  test('what was acknowledged is in the journal once and whole, and what was refused is not', () => {
    const { calls } = aftermath()
    for (const call of calls) {
      const fate = fateOf(call)
      if (fate === 'unknown') continue
      assert.equal(present.has(entryOf(call.command)), fate === 'acknowledged', `${fate}: ${entryOf(call.command)}`)
    }
    const freezes = freezesIn(calls)
    const unexplained = new Map(journal)
    for (const { command } of calls) {
      if (!present.has(entryOf(command))) continue
      for (const [account, effect] of effectsOf(command, freezes)) {
        const key = `${entryOf(command)} of ${account}`
        assert.deepEqual(effectOf(unexplained.get(key)), effect, key)
        unexplained.delete(key)
      }
    }
    assert.deepEqual([...unexplained.keys()], [], 'postings that nobody asked for')
  })

  test('balances are those of the commands that are there, and nothing else', async () => {
    const { ledger, calls } = aftermath()
    const freezes = freezesIn(calls)
    const totals = new Map<string, Effect>(USERS.map((user) => [user, { available: 0n, held: 0n }]))
    for (const { command } of calls) {
      if (!present.has(entryOf(command))) continue
      for (const [account, { available, held }] of effectsOf(command, freezes)) {
        const before = totals.get(account)!
        totals.set(account, { available: before.available + available, held: before.held + held })
      }
    }
    for (const [user, expected] of totals) {
      const [balance] = (await ledger.account(user)).balances
      assert.deepEqual({ available: balance?.available, held: balance?.held }, expected, user)
    }
  })

  test('every acknowledged command is there with its answer', async () => {
    const { ledger, calls } = aftermath()
    const acknowledged = withFate(calls, 'acknowledged')
    const outcomes = await repeatAll(ledger, acknowledged)
    for (const [index, { command, attempts }] of acknowledged.entries()) {
      const told = attempts.at(-1)!.outcome
      assert.deepEqual(withoutCurrent(outcomes[index]!), { ...withoutCurrent(told), replayed: true }, entryOf(command))
      if (command.kind !== 'freeze') continue
      const { current } = outcomes[index] as { readonly current?: unknown }
      assert.deepEqual(current, await ledger.hold(command.requestId), entryOf(command))
    }
  })

  test('a command that was never answered is there whole, or was never there and can be applied now', async () => {
    const { ledger, calls } = aftermath()
    const unknown = withFate(calls, 'unknown')
    for (const [index, outcome] of (await repeatAll(ledger, unknown)).entries()) {
      const { command } = unknown[index]!
      const isThere = present.has(entryOf(command))
      // The user with few coins may have fewer by now.
      const isRefused = outcome.status === 'rejected' && outcome.error.code === 'insufficient_funds'
      if (isThere || !isRefused) assert.equal(outcome.status, 'applied', entryOf(command))
      if (outcome.status === 'applied') assert.equal(outcome.replayed, isThere, entryOf(command))
    }
    await assertLaws(ledger)
  })
}

/** How the hold of a repeated freeze is now is no part of the first answer. */
function withoutCurrent(outcome: object): object {
  const { current: _, ...first } = outcome as { readonly current?: unknown }
  return first
}

function withFate(calls: readonly Call[], fate: Fate): readonly Call[] {
  return calls.filter((call) => fateOf(call) === fate)
}

export async function assertLaws({ storage: { auditor } }: EmbeddedLedger): Promise<void> {
  for (const check of auditor.checks) assert.deepEqual(await auditor.run(check, 10), [], check.title)
}

export async function journalOf(ledger: Ledger): Promise<Journal> {
  const journal = new Map<string, Posting>()
  for (const user of USERS) {
    let cursor: string | null = null
    do {
      const page: Awaited<ReturnType<Ledger['postings']>> = await ledger.postings(user, {
        limit: PAGE_ROWS,
        ...(cursor === null ? {} : { cursor }),
      })
      for (const posting of page.items) {
        const key = `${posting.entryId} of ${user}`
        assert.ok(!journal.has(key), `${key} is there twice`)
        journal.set(key, posting)
      }
      cursor = page.next
    } while (cursor !== null)
  }
  return journal
}

function effectOf(posting: Posting | undefined): Effect | undefined {
  return posting && { available: posting.availableDelta, held: posting.heldDelta }
}

function freezesIn(calls: readonly Call[]): ReadonlyMap<string, Freeze> {
  const freezes = new Map<string, Freeze>()
  for (const { command } of calls) if (command.kind === 'freeze') freezes.set(command.requestId, command)
  return freezes
}

async function repeatAll(ledger: Ledger, calls: readonly Call[]): Promise<readonly BatchOutcome[]> {
  const outcomes: BatchOutcome[] = []
  for (let first = 0; first < calls.length; first += BATCH_COMMANDS_MAX) {
    const commands: Sent[] = calls.slice(first, first + BATCH_COMMANDS_MAX).map(({ command }) => command)
    outcomes.push(...(await ledger.batch(commands)))
  }
  return outcomes
}
