/** Random orders with random damage: `reconcile` names exactly the damage, and its corrections end every half-done order once. */
import assert from 'node:assert/strict'
import { mkdtempDisposable, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Ledger, LegInput } from '../../src/api/ledger.ts'
import { openLedger } from '../../src/ledger.ts'
import { orderBooks } from '../../src/reconcile/books.ts'
import type { Finding } from '../../src/reconcile/finding.ts'
import { Notebook } from '../../src/reconcile/notebook.ts'
import { ENDINGS, type Ending } from '../../src/reconcile/order-endings.ts'
import { readOrders, type OrderShape } from '../../src/reconcile/order-list.ts'
import type { Order } from '../../src/reconcile/order.ts'
import { Reconciliation, type ReconcileSummary } from '../../src/reconcile/reconciliation.ts'

type State = Order['state']

interface Leg {
  readonly to: string
  readonly amount: number
  readonly isAcross: boolean
  isPaid: boolean
}

/** What happened to an order, in the old system and in the ledger. */
const FATES = [
  'agrees',
  'notDone',
  'missing',
  'unlike',
  'amount',
  'legLost',
  'half',
  'restUnlike',
  'twice',
  'overpaid',
] as const

type Fate = (typeof FATES)[number]
/** Those of orders of which the old system has moved something itself. */
const OUTSIDE: ReadonlySet<Fate> = new Set<Fate>(['half', 'restUnlike', 'twice', 'overpaid'])

interface Plan {
  readonly fate: Fate
  readonly state: State
  readonly isTaken: boolean
  readonly legs: readonly Leg[]
  /** Which leg is damaged, modulo their number. */
  readonly at: number
}

const RECEIVERS = ['user:1', 'user:2', 'user:3', 'user:4', 'user:5']
const SENDER = 'user:0'
const START = 1_000_000n
/** Moons for a star. */
const RATE = 2

const plans = fc.record<Plan>({
  fate: fc.constantFrom(...FATES),
  state: fc.constantFrom<State>('done', 'failed', 'pending'),
  isTaken: fc.boolean(),
  legs: fc
    .tuple(
      fc.shuffledSubarray(RECEIVERS, { minLength: 1 }),
      fc.array(fc.record({ amount: fc.integer({ min: 1, max: 99 }), isAcross: fc.boolean(), isPaid: fc.boolean() }), {
        minLength: RECEIVERS.length,
        maxLength: RECEIVERS.length,
      }),
    )
    .map(([receivers, rest]) => receivers.map((to, index) => ({ to, ...rest[index]! }))),
  at: fc.nat(),
})

interface Case {
  readonly plans: readonly Plan[]
  readonly format: 'csv' | 'ndjson'
  /** Whether the old system takes whole orders at once, and the list says so. */
  readonly hasTaken: boolean
  /** Whether the list says what arrived in another asset. */
  readonly hasReceived: boolean
  readonly ending: Ending
}

const cases = fc.record<Case>({
  plans: fc.array(plans, { minLength: 1, maxLength: 12 }),
  format: fc.constantFrom('csv', 'ndjson'),
  hasTaken: fc.boolean(),
  hasReceived: fc.boolean(),
  ending: fc.constantFrom(...ENDINGS),
})

/** An order that is listed, with what a reader of the documents expects of it. */
interface Story {
  readonly id: string
  readonly state: State
  readonly isTaken: boolean
  readonly legs: readonly Leg[]
  /** The transfer in the ledger. */
  readonly booked: readonly LegInput[] | null
  /** `CODE paid/unpaid/different`, or null if nothing is to be found. */
  readonly found: string | null
  /** How it is ended by the corrections. */
  readonly end: 'complete' | 'give-back' | null
}

const inputOf = ({ to, amount, isAcross }: Leg): LegInput => ({
  from: SENDER,
  to,
  asset: 'star',
  amount: BigInt(amount),
  ...(isAcross ? { toAsset: 'moon' } : {}),
})

function storyOf(plan: Plan, number: number, { hasTaken, hasReceived, ending }: Case): Story {
  const isOutside = OUTSIDE.has(plan.fate)
  const isTaken = hasTaken && isOutside
  const mark = (isPaid: (leg: Leg, index: number) => boolean): readonly Leg[] =>
    plan.legs.map((leg, index) => ({ ...leg, isPaid: isPaid(leg, index) }))
  const id = `order-${number}`
  const bare = { id, isTaken, legs: mark(() => false), end: null }
  const whole = plan.legs.map(inputOf)
  const damaged = plan.at % plan.legs.length
  const numbers = (legs: readonly Leg[], isPaid: boolean): string =>
    legs.flatMap((leg, index) => (leg.isPaid === isPaid ? [index + 1] : [])).join(' ')
  const foundAt = (code: string, legs: readonly Leg[], different = ''): string =>
    `${code} ${numbers(legs, true)}/${numbers(legs, false)}/${different}`
  switch (plan.fate) {
    case 'agrees':
      return { ...bare, state: 'done', booked: whole, found: null }
    case 'notDone':
      return { ...bare, state: plan.state === 'done' ? 'failed' : plan.state, booked: null, found: null }
    case 'missing':
      return { ...bare, state: 'done', booked: null, found: 'missing', end: 'complete' }
    case 'unlike':
      return {
        ...bare,
        state: plan.state === 'done' ? 'pending' : plan.state,
        booked: whole,
        found: foundAt('different', bare.legs),
      }
    case 'amount': {
      const booked = whole.map((leg, index) => (index === damaged ? { ...leg, amount: leg.amount + 1n } : leg))
      const isSeen = hasReceived || !plan.legs[damaged]!.isAcross
      // Without the amounts that arrived, only what left the sender tells, and not which leg.
      const star = whole.map((_, index) => index + 1).join(' ')
      const different = isSeen ? String(damaged + 1) : star
      return { ...bare, state: 'done', booked, found: foundAt('different', bare.legs, different) }
    }
    case 'legLost': {
      const booked = whole.filter((_, index) => index !== damaged)
      // A transfer has a leg: an order of one leg has another receiver then.
      const other = { ...whole[0]!, to: 'user:other' }
      const found = foundAt('different', bare.legs, String(damaged + 1))
      return { ...bare, state: 'done', booked: booked.length === 0 ? [other] : booked, found }
    }
    case 'half': {
      const marked = mark(({ isPaid }) => isPaid)
      const isStarted = isTaken || marked.some(({ isPaid }) => isPaid)
      const legs = isStarted ? marked : mark((_, index) => index === damaged)
      const isAll = legs.every(({ isPaid }) => isPaid)
      const state = isAll && plan.state === 'done' ? 'failed' : plan.state
      const asked = ending === 'as-status' ? STATUS_ENDING[state] : ending
      const isBackKnown = hasReceived || legs.every((leg) => !leg.isPaid || !leg.isAcross)
      const isPossible = asked === 'complete' ? !isAll : asked === 'give-back' && isBackKnown
      const end = isPossible ? asked : null
      return { id, isTaken, state, legs, booked: null, found: foundAt('half_done', legs), end }
    }
    case 'restUnlike': {
      const legs = mark((_, index) => index === damaged && plan.legs.length > 1)
      if (plan.legs.length === 1 && !isTaken) return { ...bare, state: 'done', booked: whole, found: null }
      const unpaid = legs.flatMap((leg, index) => (leg.isPaid ? [] : [index]))
      const rest = unpaid.map((index) => ({ ...whole[index]!, from: isTaken ? '@issuer' : SENDER }))
      const booked = rest.map((leg, index) => (index === 0 ? { ...leg, amount: leg.amount + 1n } : leg))
      const isSeen = hasReceived || !plan.legs[unpaid[0]!]!.isAcross
      const different = isSeen ? String(unpaid[0]! + 1) : unpaid.map((index) => index + 1).join(' ')
      return { id, isTaken, state: plan.state, legs, booked, found: foundAt('different', legs, different), end: null }
    }
    case 'twice': {
      const legs = mark((_, index) => index === damaged)
      return { id, isTaken, state: plan.state, legs, booked: whole, found: foundAt('different', legs), end: null }
    }
    case 'overpaid': {
      const legs = mark(() => true)
      const booked = [{ from: SENDER, to: 'user:other', asset: 'star', amount: 1n }]
      return { id, isTaken, state: 'done', legs, booked, found: foundAt('different', legs), end: null }
    }
  }
}

const STATUS_ENDING = { done: 'complete', failed: 'give-back', pending: null } as const

/** The coins of users, by account and asset. */
class Coins {
  readonly #amounts = new Map<string, bigint>()

  add(account: string, asset: string, amount: number | bigint): void {
    const key = `${account} ${asset}`
    this.#amounts.set(key, (this.#amounts.get(key) ?? 0n) + BigInt(amount))
  }

  pay({ to, amount, isAcross }: Leg, sign = 1): void {
    this.add(to, isAcross ? 'moon' : 'star', sign * amount * (isAcross ? RATE : 1))
  }

  get amounts(): Readonly<Record<string, bigint>> {
    return Object.fromEntries([...this.#amounts].toSorted(([a], [b]) => (a < b ? -1 : 1)))
  }
}

/** The coins that the import brings: what the old system has moved outside the ledger is moved. */
function importedCoins(stories: readonly Story[]): Coins {
  const coins = new Coins()
  for (const account of [SENDER, ...RECEIVERS, 'user:other']) {
    for (const asset of ['star', 'moon']) coins.add(account, asset, START)
  }
  for (const { legs, isTaken } of stories) {
    for (const leg of legs) {
      if (isTaken || leg.isPaid) coins.add(SENDER, 'star', -leg.amount)
      if (leg.isPaid) coins.pay(leg)
    }
  }
  return coins
}

/** The coins after the corrections, from the list alone: each ended order has moved wholly, or not at all. */
function endedCoins(stories: readonly Story[]): Coins {
  const coins = importedCoins(stories)
  for (const { legs, isTaken, booked, end } of stories) {
    for (const { from, to, asset, amount, toAsset = asset } of booked ?? []) {
      if (from === SENDER) coins.add(from, asset!, -amount)
      coins.add(to, toAsset!, toAsset === asset ? amount : amount * BigInt(RATE))
    }
    for (const leg of end === null ? [] : legs) {
      if (end === 'complete' && !leg.isPaid) {
        coins.pay(leg)
        if (!isTaken) coins.add(SENDER, 'star', -leg.amount)
      }
      if (end === 'give-back') {
        if (leg.isPaid) coins.pay(leg, -1)
        if (leg.isPaid || isTaken) coins.add(SENDER, 'star', leg.amount)
      }
    }
  }
  return coins
}

async function coinsOf(ledger: Ledger, names: readonly string[]): Promise<Readonly<Record<string, bigint>>> {
  const coins = new Coins()
  for (const name of names) {
    const [account, asset] = name.split(' ') as [string, string]
    coins.add(account, asset, (await ledger.balance(account, asset)).available)
  }
  return coins.amounts
}

function listOf(stories: readonly Story[], { format, hasTaken, hasReceived }: Case): string {
  const legOf = ({ to, amount, isAcross, isPaid }: Leg): Readonly<Record<string, string | number>> => ({
    to,
    amount,
    asset: 'star',
    to_asset: isAcross ? 'moon' : '',
    ex: isPaid ? 'paid' : '',
    ...(hasReceived ? { to_amount: isAcross ? amount * RATE : '' } : {}),
  })
  const headOf = ({ id, state, isTaken }: Story): Readonly<Record<string, string | number>> => {
    return { request_id: id, from: SENDER, status: state, ...(hasTaken ? { taken: isTaken ? 1 : 0 } : {}) }
  }
  if (format === 'ndjson') {
    const lines = stories.map((story) => JSON.stringify({ ...headOf(story), legs: story.legs.map(legOf) }))
    return [...lines, JSON.stringify({ end: true, rows: stories.length }), ''].join('\n')
  }
  const rows = stories.flatMap((story) => story.legs.map((leg) => ({ ...headOf(story), ...legOf(leg) })))
  const lines = rows.map((row) => Object.values(row).join(','))
  return [Object.keys(rows[0]!).join(','), ...lines, `#end,${rows.length}`, ''].join('\n')
}

function shapeOf({ format, hasTaken, hasReceived }: Case): OrderShape {
  return {
    format,
    delimiter: null,
    idColumn: 'request_id',
    fromColumn: 'from',
    toColumn: 'to',
    amountColumn: 'amount',
    statusColumn: 'status',
    isStatusNeeded: true,
    words: new Map((['done', 'failed', 'pending'] as const).map((word) => [word, word])),
    asset: 'credit',
    assetColumn: 'asset',
    toAssetColumn: 'to_asset',
    toAmountColumn: hasReceived ? 'to_amount' : null,
    legsColumn: 'legs',
    noteColumn: 'ex',
    notes: new Map([
      ['paid', true],
      ['', false],
    ]),
    takenColumn: hasTaken ? 'taken' : null,
    accountPrefix: '',
  }
}

interface Run {
  readonly found: readonly string[]
  readonly summary: ReconcileSummary
}

const foundText = ({ code, requestId, legs }: Finding): string =>
  code === 'missing'
    ? `${requestId} missing`
    : `${requestId} ${code} ${legs!.paid.join(' ')}/${legs!.unpaid.join(' ')}/${legs!.different.join(' ')}`

/** Compares, and applies the corrections as often as `times` says. */
async function reconciled(
  ledger: Ledger,
  path: string,
  { times, ...given }: Case & { readonly times: number },
): Promise<Run> {
  using notebook = new Notebook<Order>()
  const rules = { bookMissing: true, ending: given.ending, transit: '@issuer' }
  const books = orderBooks(ledger, rules, { accounts: [], asset: null })
  const bounds = { rowsCount: null, since: null, until: null, needsProof: false, releasePercentMax: 0 }
  const found: string[] = []
  const listener = {
    finding: (finding: Finding) => void found.push(foundText(finding)),
    unreadable: ({ line, problem }: { readonly line: number; readonly problem: string }) =>
      assert.fail(`${line}: ${problem}`),
  }
  const reconciliation = new Reconciliation({ ledger, books, notebook, options: bounds, listener })
  const summary = await reconciliation.compare((end) => readOrders(path, shapeOf(given), end))
  for (let time = 0; time < times; time += 1) {
    const appliedCount = await reconciliation.apply((_, error) => assert.fail(error.message))
    assert.equal(appliedCount, summary.plannedCount)
  }
  return { found, summary }
}

async function tryCase(given: Case): Promise<void> {
  const stories = given.plans.map((plan, index) => storyOf(plan, index, given))
  await using folder = await mkdtempDisposable(join(tmpdir(), 'holdfast-random-orders-'))
  const path = join(folder.path, 'list')
  await writeFile(path, listOf(stories, given))
  await using ledger = await openLedger('memory:')
  await ledger.declare({ asset: 'star' })
  await ledger.declare({ asset: 'moon' })
  await ledger.rate({ from: 'star', to: 'moon', numerator: BigInt(RATE), denominator: 1n })
  const imported = importedCoins(stories).amounts
  for (const [name, amount] of Object.entries(imported)) {
    const [account, asset] = name.split(' ') as [string, string]
    await ledger.deposit({ account, asset, amount })
  }
  for (const { id, booked } of stories) {
    if (booked !== null) await ledger.transfer({ requestId: id, legs: booked })
  }
  const expected = stories.flatMap(({ id, found }) => (found === null ? [] : [`${id} ${found}`]))
  const left = stories.flatMap(({ id, found, end }) => (found === null || end !== null ? [] : [`${id} ${found}`]))

  // Applied twice in one run: the second time changes nothing.
  const first = await reconciled(ledger, path, { ...given, times: 2 })
  assert.deepEqual(first.found, expected)
  const coins = endedCoins(stories).amounts
  assert.deepEqual(await coinsOf(ledger, Object.keys(imported)), coins)

  // Another run finds only what no correction ends, and none of what was ended is ended again in another way.
  const again = await reconciled(ledger, path, { ...given, times: 1 })
  assert.deepEqual([again.found, again.summary.plannedCount], [left, 0])
  const over = stories.filter(({ found, end }) => found === null || end !== null)
  for (const ending of over.length === 0 ? [] : ENDINGS) {
    await writeFile(path, listOf(over, given))
    const other = await reconciled(ledger, path, { ...given, ending, times: 1 })
    assert.deepEqual([other.found, other.summary.agreedCount], [[], over.length])
  }
  assert.deepEqual(await coinsOf(ledger, Object.keys(imported)), coins)
}

test('findings name exactly the damage, and corrections end every order once', async () => {
  await fc.assert(fc.asyncProperty(cases, tryCase), { numRuns: 150 })
})
