/** Books in a store under test: the real rules decide, the store loads and commits. */
import assert from 'node:assert/strict'
import { decideBatch, type Plan } from '../../src/domain/batch.ts'
import type { Command, CommandKind, Work, Answer, Answers } from '../../src/domain/command.ts'
import type { Moment } from '../../src/domain/decision.ts'
import { HouseStripes } from '../../src/domain/house-stripes.ts'
import type { Instant } from '../../src/domain/ids.ts'
import type { Outcome } from '../../src/domain/outcome.ts'
import { RunningNumbers } from '../../src/domain/running-numbers.ts'
import { type Snapshot } from '../../src/domain/snapshot.ts'
import { footprint } from '../../src/domain/rules.ts'
import { type BalanceChange, type Changes } from '../../src/domain/changes.ts'
import { type Footprint } from '../../src/domain/footprint.ts'
import type { Page, PageQuery } from '../../src/engine/reader.ts'
import { isContended, type CommitResult, type Store } from '../../src/engine/store.ts'
import type { Storage } from '../../src/stores/storage.ts'

export const HOUR_MS = 3_600_000

const NOTHING: Changes = {
  entries: [],
  holdsOpened: [],
  charges: [],
  holdChanges: [],
  postings: [],
  entryOrder: [],
  balances: [],
  standings: [],
  accounts: [],
  assets: [],
  houses: [],
  housesUsed: [],
  rates: [],
  ratesUsed: [],
}

/** Changes written by hand, for cases that the rules never produce. */
export function changesOf(some: Partial<Changes>): Changes {
  return { ...NOTHING, ...some }
}

/** Shared by all books, because several may be on one database. */
const { next: nextSeq } = new RunningNumbers(Date.now, Math.random)

export class Books {
  readonly store: Store
  readonly houseStripes: HouseStripes
  /** The instant of the next decision. Each decision is one second after the previous one. */
  now: Instant = Date.UTC(2030, 0, 1)

  /** Books whose rows are at most one hour old, for tests with an engine: on the real clock it does not serve rows from the future. */
  static ofToday(store: Store, houseStripe = 0): Books {
    const books = new Books(store, houseStripe)
    books.now = Date.now() - HOUR_MS
    return books
  }

  constructor(store: Store, houseStripe = 0) {
    this.store = store
    this.houseStripes = new HouseStripes(houseStripe)
  }

  footprint(...work: readonly Work[]): Footprint {
    return footprint(work, this.houseStripes)
  }

  decide(work: readonly Work[], snapshot: Snapshot): Plan {
    this.now += 1000
    const moment: Moment = { now: this.now, nextSeq, holdTtlMsDefault: HOUR_MS, holdTtlMsMax: 24 * HOUR_MS }
    return decideBatch(work, snapshot, this.houseStripes, moment)
  }

  /** Decides on the current rows and writes nothing. */
  async plan(...work: readonly Work[]): Promise<Plan> {
    return this.decide(work, await this.store.load(this.footprint(...work)))
  }

  async commit(...work: readonly Work[]): Promise<readonly Outcome[]> {
    const plan = await this.plan(...work)
    assert.equal(await this.store.commit(plan.changes), 'committed')
    return plan.outcomes.flat()
  }

  /** Locks, decides and writes. */
  async exclusive(...work: readonly Work[]): Promise<{ result: CommitResult; outcomes: readonly Outcome[] }> {
    const plans: Plan[] = []
    const result = await this.store.exclusive(this.footprint(...work), (snapshot) => {
      const plan = this.decide(work, snapshot)
      plans.push(plan)
      return plan.changes
    })
    // A server may give up because of a lock before there are rows to decide on.
    assert.equal(plans.length, isContended(result) ? Math.min(plans.length, 1) : 1, 'a plan is asked for once')
    return { result, outcomes: plans[0]?.outcomes.flat() ?? [] }
  }

  /** Commits work that must be applied; one answer per command. */
  async apply(...work: readonly Work[]): Promise<readonly Answer[]> {
    const outcomes = await this.commit(...work)
    return outcomes.map(answerOf)
  }

  /** Like `apply`, for one command. */
  async applyOne<Kind extends CommandKind>(command: Command & { kind: Kind }): Promise<Answers[Kind]> {
    const [answer] = await this.apply(command)
    return answer as Answers[Kind]
  }
}

export function answerOf(outcome: Outcome): Answer {
  assert.equal(outcome.status, 'applied', `not applied: ${show(outcome)}`)
  assert.ok(outcome.status === 'applied')
  return outcome.answer
}

export function codeOf(outcome: Outcome): string {
  return outcome.status === 'rejected' ? outcome.rejection.code : outcome.replayed ? 'replayed' : 'applied'
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === 'bigint' ? String(part) : part))
}

/** The change of an account's credit balance. */
export function changeOf(changes: Changes, account: string): BalanceChange {
  const change = changes.balances.find(({ after }) => after.account === account)
  assert.ok(change, `nothing changes for ${account}`)
  return change
}

/** More pages than any list of the suite has, to detect a reader whose pages never end. */
const PAGES_MAX = 100

/** Every row of a list, in pages of `limit`. */
export async function readAll<Row>(read: (page: PageQuery) => Promise<Page<Row>>, limit = 100): Promise<Row[]> {
  const rows: Row[] = []
  let cursor: string | null = null
  for (let pages = 1; pages <= PAGES_MAX; pages++) {
    const page: Page<Row> = await read({ limit, cursor })
    rows.push(...page.items)
    if (page.next === null) return rows
    assert.equal(page.items.length, limit, 'a page that is not the last one is full')
    cursor = page.next
  }
  throw new Error(`There is no end to this list after ${PAGES_MAX} pages.`)
}

/** Everything that `work` could have changed, for a comparison before and after. */
export async function photograph(storage: Storage, books: Books, ...work: readonly Work[]): Promise<unknown> {
  const { store, reader } = storage
  const snapshot = await store.load(books.footprint(...work))
  const names = [...snapshot.balances.values()]
  // A balance without a row may get another id each time.
  const balances = names.map((balance) => (balance.version === 0 ? { ...balance, id: 0 } : balance))
  const postings = await Promise.all(
    names.map(({ account, asset }) => readAll((page) => reader.postings({ account, asset, kind: null, ...page }))),
  )
  const accounts = await Promise.all(names.map(({ account }) => reader.account(account)))
  const holds = await readAll((page) => reader.holds({ account: null, asset: 'credit', state: null, ...page }))
  return { requests: [...snapshot.requests], balances, postings, accounts, holds, assets: await reader.assets() }
}
