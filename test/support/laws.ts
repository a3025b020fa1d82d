/** Checks laws 1, 2, 3 and 5 of docs/INVARIANTS.md on rows. */
import assert from 'node:assert/strict'
import {
  kindOfEnd,
  showHold,
  showHoldAsEnded,
  showHoldAsFrozen,
  type Hold,
  type HoldRecord,
} from '../../src/domain/hold.ts'
import { endOfHold, type PostingRecord } from '../../src/domain/journal.ts'
import type { Rows as LedgerRows } from './rows.ts'

/** The rows that the laws are about. */
type Rows = Pick<LedgerRows, 'requests' | 'balances' | 'postings' | 'holdSteps'>

export function assertLaws(rows: Rows): void {
  assertLaw1(rows)
  assertLaw2(rows)
  assertLaw3(rows)
  assertLaw5(rows)
}

/** The postings of every entry sum to zero per asset; so do all balances of an asset. */
function assertLaw1({ postings, balances }: Rows): void {
  const assetOf = new Map([...balances.values()].map(({ id, asset }) => [id, asset]))
  const entries = Map.groupBy(postings, ({ entryId, balanceId }) => `${entryId} in ${assetOf.get(balanceId)}`)
  for (const [entry, lines] of entries) {
    assert.equal(
      sum(lines, ({ availableDelta, heldDelta }) => availableDelta + heldDelta),
      0n,
      `law 1: ${entry}`,
    )
  }
  for (const [asset, all] of Map.groupBy(balances.values(), (balance) => balance.asset)) {
    assert.equal(
      sum(all, ({ available, held }) => available + held),
      0n,
      `law 1: all balances of ${asset}`,
    )
  }
}

/** `held ≥ 0`; `available ≥ floor`; a balance's `held` is the sum of `held` over its open holds. */
function assertLaw2(rows: Rows): void {
  const open = holdsOf(rows).filter(({ state }) => state === 'open')
  for (const [name, { account, asset, available, held, floor }] of rows.balances) {
    assert.ok(held >= 0n, `law 2: ${name} holds ${held}`)
    assert.ok(floor === null || available >= floor, `law 2: ${name} has ${available}, below ${floor}`)
    assert.equal(floor === null, account.startsWith('@'), `law 2: the floor of ${name}`)
    const own = open.filter((hold) => hold.account === account && hold.asset === asset)
    assert.equal(
      held,
      sum(own, (hold) => hold.held),
      `law 2: ${name} and its holds`,
    )
  }
}

/** A balance's version is the number of its postings, without gaps, and its amounts are those of its last posting. */
function assertLaw3({ postings, balances }: Rows): void {
  const byBalance = Map.groupBy(postings, ({ balanceId }) => balanceId)
  assert.equal(byBalance.size, balances.size, 'law 3: every balance has postings, every posting a balance')
  for (const [name, balance] of balances) {
    const lines = byBalance.get(balance.id) ?? []
    assert.equal(lines.length, balance.version, `law 3: ${name}`)
    let [available, held] = [0n, 0n]
    for (const [index, line] of lines.entries()) {
      assert.equal(line.version, index + 1, `law 3: ${name}`)
      available += line.availableDelta
      held += line.heldDelta
      assert.deepEqual([line.available, line.held], [available, held], `law 3: ${name} at ${line.version}`)
    }
    assert.deepEqual([balance.available, balance.held], [available, held], `law 3: ${name} now`)
  }
}

/** A hold is opened once and ends at most once. Always: frozen = settled + released + held. */
function assertLaw5(rows: Rows): void {
  for (const hold of holdsOf(rows)) {
    const { id, amount, drawn, settled, released, held } = hold
    assert.equal(amount + drawn, settled + released + held, `law 5: ${id} adds up`)
    for (const part of [drawn, settled, released, held, hold.shortfall]) assert.ok(part >= 0n, `law 5: ${id}`)
    assert.ok(hold.refunded <= settled && hold.settledLate <= drawn, `law 5: parts of what ${id} settled`)
    const isOpen = hold.state === 'open'
    if (!isOpen) assert.equal(held, 0n, `law 5: ${id} is ${hold.state}`)
    if (isOpen && hold.steps === 0) assert.equal(held, amount, `law 5: ${id} is whole`)
    assert.equal(hold.end === null, isOpen, `law 5: ${id} is ${hold.state}`)
    if (hold.steps > 0) {
      assertSteps(hold, rows)
      continue
    }
    const opened = rows.postings.filter(({ entryId }) => entryId === id)
    const ended = rows.postings.filter(({ entryId }) => entryId.startsWith(`${id}~`))
    assert.deepEqual(
      opened.map(line),
      [[hold.balanceId, hold.openedVersion, -amount, amount]],
      `law 5: ${id} opens once`,
    )
    const ends = isOpen ? [] : [[hold.balanceId, hold.end?.version, released - drawn, -amount]]
    if (settled > 0n) ends.push([hold.end?.payee?.balanceId, hold.end?.payee?.version, settled, 0n])
    assert.deepEqual(new Set(ended.map(line)), new Set(ends), `law 5: ${id} ends once`)
  }
}

/** Its steps are numbered without gaps; each records the hold after it; their postings add up to the hold's amounts. */
function assertSteps(hold: HoldRecord, rows: Rows): void {
  const { id } = hold
  const steps = Array.from({ length: hold.steps }, (_, index) => {
    const entry = rows.requests.get(rows.holdSteps.get(`${id} ${index + 1}`) ?? '')
    assert.ok(entry !== undefined && entry.kind !== 'freeze' && entry.step !== null, `law 5: ${id} lacks a step`)
    assert.deepEqual([entry.step.hold, entry.step.number], [id, index + 1], `law 5: a step of ${id}`)
    return { ...entry, step: entry.step }
  })
  const recorded = [...rows.holdSteps.keys()].filter((key) => key.startsWith(`${id} `))
  assert.equal(recorded.length, hold.steps, `law 5: ${id} has another number of steps than its count`)
  assert.deepEqual(steps.at(-1)!.step.after, showHold(hold), `law 5: ${id} equals its state after the last step`)
  const [before, ...later] = [showHoldAsFrozen(hold), ...steps.map(({ step }) => step.after)]
  const end = endOfHold(id, kindOfEnd(hold))
  const isPlainEnd = hold.end !== null && !steps.some((step) => step.id === end)
  let last = isPlainEnd ? showHoldAsEnded(hold) : before
  for (const [index, after] of later.entries()) {
    for (const sum of ['settled', 'drawn', 'shortfall', 'refunded', 'settledLate'] as const) {
      assert.ok(after[sum] >= last[sum], `law 5: the ${sum} of ${id} shrank`)
    }
    if (last.settled > 0n) assert.equal(after.payee, last.payee, `law 5: ${id} changed its payee after it settled`)
    const lines = rows.postings.filter(({ entryId }) => entryId === steps[index]!.id)
    const [gained, held] = [refundedBy(after, last) - settledBy(after, last), after.held - last.held]
    const own = lines.filter(({ balanceId }) => balanceId === hold.balanceId)
    assert.equal(own.length, 1, `law 5: ${id} changes with its holder's balance`)
    assert.equal(own[0]!.heldDelta, held, `law 5: what ${id} holds`)
    assert.equal(own[0]!.availableDelta + own[0]!.heldDelta, gained, `law 5: what ${id} took from its holder`)
    last = after
  }
  const ofHold = new Set([id, end, ...steps.map((step) => step.id)])
  const own = rows.postings.filter(({ entryId, balanceId }) => ofHold.has(entryId) && balanceId === hold.balanceId)
  assert.equal(own.length, hold.steps + (isPlainEnd ? 2 : 1), `law 5: the postings of ${id}`)
}

function settledBy(after: Hold, before: Hold): bigint {
  return after.settled - before.settled
}

function refundedBy(after: Hold, before: Hold): bigint {
  return after.refunded - before.refunded
}

function line({ balanceId, version, availableDelta, heldDelta }: PostingRecord): (number | bigint | null)[] {
  return [balanceId, version, availableDelta, heldDelta]
}

function holdsOf({ requests }: Rows): HoldRecord[] {
  return [...requests.values()].filter((record) => record.kind === 'freeze')
}

function sum<Item>(items: Iterable<Item>, amount: (item: Item) => bigint): bigint {
  let total = 0n
  for (const item of items) total += amount(item)
  return total
}
