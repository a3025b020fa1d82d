/** Checks laws 1, 2, 3 and 5 of docs/INVARIANTS.md on rows, and the numbers of requests. */
import assert from 'node:assert/strict'
import type { HoldChange } from '../../src/domain/changes.ts'
import type { Hold } from '../../src/domain/hold.ts'
import {
  kindOfEnd,
  showHold,
  isCharge,
  showHoldAsFrozen,
  type HoldEnd,
  type HoldRecord,
} from '../../src/domain/hold-record.ts'
import { endOfHold, requestOfEntry, type PostingRecord } from '../../src/domain/journal.ts'
import type { Rows as LedgerRows } from './rows.ts'

/** The rows that the laws are about. */
type Rows = Pick<LedgerRows, 'requests' | 'balances' | 'postings' | 'holdChanges'>

export function assertLaws(rows: Rows): void {
  assertLaw1(rows)
  assertLaw2(rows)
  assertLaw3(rows)
  assertNumbers(rows)
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

/** `held ≥ 0`; `available ≥ floor − debt`, with the debt exact; a balance's `held` is the sum of `held` over its open holds. */
function assertLaw2(rows: Rows): void {
  const open = holdsOf(rows).filter(({ state }) => state === 'open')
  const overdrawn = new Set(
    holdsOf(rows).flatMap(({ charge, balanceId }) => (charge?.overdraft === true ? [balanceId] : [])),
  )
  for (const [name, { id, account, asset, available, held, floor, debt }] of rows.balances) {
    assert.ok(held >= 0n, `law 2: ${name} holds ${held}`)
    const below = floor !== null && available < floor ? floor - available : 0n
    assert.equal(debt, below, `law 2: ${name} has ${available}, below ${floor}, and owes ${debt}`)
    assert.ok(debt === 0n || overdrawn.has(id), `law 2: ${name} is below ${floor} without an overdraft charge`)
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

/** Every request has a number of its own, and every posting that of the request which its entry belongs to. */
function assertNumbers({ requests, postings }: Rows): void {
  const numbers = new Set([...requests.values()].map(({ seq }) => seq))
  assert.equal(numbers.size, requests.size, 'law 4: two requests have one number')
  for (const { entryId, seq } of postings) {
    const request = requests.get(entryId) ?? requests.get(requestOfEntry(entryId))
    assert.equal(request?.seq, seq, `law 4: the number of the request of ${entryId}`)
  }
}

/** A hold is opened once and ends at most once. Always: frozen = settled + released + held. */
function assertLaw5(rows: Rows): void {
  const history: History = {
    requests: rows.requests,
    changesOf: Map.groupBy(rows.holdChanges.values(), ({ after }) => after.seq),
    linesOf: Map.groupBy(rows.postings, ({ entryId }) => entryId),
  }
  const holds = holdsOf(rows)
  for (const hold of holds) {
    const { id, amount, drawn, settled, released, held } = hold
    assert.equal(amount + drawn, settled + released + held, `law 5: ${id} adds up`)
    for (const part of [drawn, settled, released, held, hold.shortfall]) assert.ok(part >= 0n, `law 5: ${id}`)
    assert.ok(hold.refunded <= settled && hold.settledLate <= drawn, `law 5: parts of what ${id} settled`)
    const isOpen = hold.state === 'open'
    if (!isOpen) assert.equal(held, 0n, `law 5: ${id} is ${hold.state}`)
    if (isOpen && hold.changes === 0) assert.equal(held, amount, `law 5: ${id} is whole`)
    assert.equal(hold.end === null, isOpen, `law 5: ${id} is ${hold.state}`)
    const { amount: taken, held: frozen } = showHoldAsFrozen(hold)
    const payer = [hold.balanceId, hold.openedVersion, -taken, frozen]
    const opening = isCharge(hold)
      ? [payer, [hold.end!.payee!.balanceId, hold.end!.payee!.version, taken, 0n]]
      : [payer]
    const lines = history.linesOf.get(id) ?? []
    assert.equal(lines.length, opening.length, `law 5: ${id} opens once`)
    assert.deepEqual(new Set(lines.map(line)), new Set(opening), `law 5: ${id} opens once`)
    assertChanges(hold, history)
  }
  const count = holds.reduce((sum, { changes }) => sum + changes, 0)
  assert.equal(rows.holdChanges.size, count, 'law 5: every change is one of a hold')
}

interface History extends Pick<Rows, 'requests'> {
  /** By the number of the hold. */
  readonly changesOf: ReadonlyMap<number, readonly HoldChange[]>
  /** By entry id. */
  readonly linesOf: ReadonlyMap<string, readonly PostingRecord[]>
}

/** Its changes are numbered without gaps; each records the hold after it, and its postings move what it changed. */
function assertChanges(hold: HoldRecord, history: History): void {
  const { id, seq } = hold
  const changes = (history.changesOf.get(seq) ?? []).toSorted((left, right) => left.after.changes - right.after.changes)
  assert.equal(changes.length, hold.changes, `law 5: ${id} has another number of changes than its count`)
  let before = showHoldAsFrozen(hold)
  let end: HoldEnd | null = isCharge(hold) ? hold.end : null
  for (const [index, change] of changes.entries()) {
    const { after } = change
    assert.equal(after.changes, index + 1, `law 5: ${id} lacks a change`)
    if (end !== null) assert.deepEqual(after.end, end, `law 5: ${id} ends once`)
    else if (after.end !== null) assert.equal(after.end.number, after.changes, `law 5: the end of ${id}`)
    end = after.end
    const entryId = change.step === null ? assertPlainEnd(after) : assertStep(change, history)
    assertMoves(before, after, history.linesOf.get(entryId) ?? [])
    before = showHold(after)
  }
  if (changes.length > 0) assert.deepEqual(hold, changes.at(-1)!.after, `law 5: ${id} is as its last change left it`)
}

/** @returns the id of its entry */
function assertPlainEnd(after: HoldRecord): string {
  const isFirst = after.changes === 1 && after.end !== null && after.firstAnswers === null
  assert.ok(isFirst, `law 5: an end of ${after.id} that is no step follows no step`)
  return endOfHold(after.id, kindOfEnd(after))
}

/** @returns the id of its entry */
function assertStep({ after, step }: HoldChange, { requests }: History): string {
  const { id: hold, seq: holdSeq, changes: number } = after
  assert.deepEqual(step!.step, { hold, holdSeq, number, after: showHold(after) }, `law 5: a step of ${hold}`)
  assert.deepEqual(requests.get(step!.id), step, `law 5: ${hold} lacks the entry of a step`)
  return step!.id
}

/** A change moves the holder's balance once, and pays or takes from nobody but the payee. */
function assertMoves(before: Hold, after: HoldRecord, lines: readonly PostingRecord[]): void {
  const { id, end, balanceId } = after
  for (const sum of ['settled', 'drawn', 'shortfall', 'refunded', 'settledLate'] as const) {
    assert.ok(after[sum] >= before[sum], `law 5: the ${sum} of ${id} shrank`)
  }
  if (before.settled > 0n) assert.equal(after.payee, before.payee, `law 5: ${id} changed its payee after it settled`)
  const [own, ...more] = lines.filter((each) => each.balanceId === balanceId)
  assert.ok(own !== undefined && more.length === 0, `law 5: ${id} changes with its holder's balance`)
  const paid = settledBy(after, before) - refundedBy(after, before)
  assert.equal(own.heldDelta, after.held - before.held, `law 5: what ${id} holds`)
  assert.equal(own.availableDelta + own.heldDelta, -paid, `law 5: what ${id} took from its holder`)
  if (end?.number !== after.changes) return
  const ends = [[balanceId, end.version, own.availableDelta, own.heldDelta]]
  if (paid > 0n) ends.push([end.payee!.balanceId, end.payee!.version, paid, 0n])
  assert.deepEqual(new Set(lines.map(line)), new Set(ends), `law 5: ${id} ends once`)
  assert.equal(end.payee !== null, paid > 0n, `law 5: ${id} knows whom its end paid`)
}

function settledBy(after: Pick<Hold, 'settled'>, before: Pick<Hold, 'settled'>): bigint {
  return after.settled - before.settled
}

function refundedBy(after: Pick<Hold, 'refunded'>, before: Pick<Hold, 'refunded'>): bigint {
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
