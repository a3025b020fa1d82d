/**
 * The rows that Holdfast would write for a batch, without any of its rules: no look at funds, at request ids, at anything that
 * could be refused. Whoever calls sees to it that every command makes sense.
 *
 * A test compares the rows with Holdfast's own, so that the two cannot drift apart.
 */
import type { BalanceRecord } from '../../src/domain/balance.ts'
import type { HoldRecord } from '../../src/domain/hold-record.ts'
import { REVENUE } from '../../src/domain/ids.ts'
import { endOfHold, type EntryKind, type EntryRecord, type PostingRecord } from '../../src/domain/journal.ts'
import { describe } from '../../src/domain/post.ts'
import type { BalanceChange, Changes, HoldChange } from '../../src/domain/changes.ts'
import { RunningNumbers } from '../../src/domain/running-numbers.ts'
import { ENGINE_LIMITS } from '../../src/engine/limits.ts'
import type { FreezeRequest, HoldRequest, TransferRequest } from './strategy.ts'

export type RawCommand =
  | ({ readonly kind: 'freeze' } & FreezeRequest)
  | ({ readonly kind: 'settle'; readonly cost: number } & HoldRequest)
  | ({ readonly kind: 'release' } & HoldRequest)
  | ({ readonly kind: 'transfer' } & TransferRequest)

/** As long as a fingerprint is; nothing compares it. */
const FINGERPRINT = 6_004_799_503_160_661

/** What one batch is being made of. */
interface Draft {
  readonly now: number
  readonly opened: HoldRecord[]
  readonly changes: HoldChange[]
  readonly entries: EntryRecord[]
  readonly postings: PostingRecord[]
  /** The touched balances as they were before, by their accounts. */
  readonly befores: Map<string, BalanceRecord>
}

export class RawRows {
  /** By account; the last amounts and versions that a batch was given. */
  readonly #balances: Map<string, BalanceRecord>
  readonly #accountOf: (user: number) => string
  readonly #open = new Map<string, HoldRecord>()
  readonly #seqs = new RunningNumbers(Date.now, Math.random)

  /** `balances` must name every account that will be touched, and the payee. */
  constructor(balances: readonly BalanceRecord[], accountOf: (user: number) => string) {
    this.#balances = new Map(balances.map((balance) => [balance.account, balance]))
    this.#accountOf = accountOf
  }

  /** The rows of the next batch; called once per batch, in the order in which they are committed. */
  changesOf(commands: readonly RawCommand[], now: number): Changes {
    const draft: Draft = { now, opened: [], changes: [], entries: [], postings: [], befores: new Map() }
    for (const command of commands) {
      switch (command.kind) {
        case 'freeze':
          this.#freeze(command, draft)
          break
        case 'settle':
          this.#end(command, { state: 'settled', settled: BigInt(command.cost) }, draft)
          break
        case 'release':
          this.#end(command, { state: 'released', settled: 0n }, draft)
          break
        case 'transfer':
          this.#transfer(command, draft)
          break
      }
    }
    const balances: BalanceChange[] = []
    for (const [account, before] of draft.befores) {
      balances.push({ before, after: this.#balances.get(account)! })
    }
    const { opened, changes, entries, postings } = draft
    return {
      entries,
      holdsOpened: opened,
      charges: [],
      holdChanges: changes,
      postings,
      entryOrder: [],
      balances,
      accounts: [],
      assets: [],
      standings: [],
      houses: [],
      housesUsed: [],
      rates: [],
      ratesUsed: [],
    }
  }

  #freeze({ requestId, user, amount }: FreezeRequest, draft: Draft): void {
    const frozen = BigInt(amount)
    const seq = this.#seqs.next()
    const after = this.#post(
      this.#accountOf(user),
      { entryId: requestId, seq, kind: 'freeze', available: -frozen, held: frozen },
      draft,
    )
    const hold: HoldRecord = {
      id: requestId,
      kind: 'freeze',
      seq,
      account: after.account,
      asset: after.asset,
      payee: REVENUE,
      state: 'open',
      amount: frozen,
      held: frozen,
      settled: 0n,
      released: 0n,
      drawn: 0n,
      shortfall: 0n,
      refunded: 0n,
      settledLate: 0n,
      onExpiry: null,
      expiresAt: draft.now + ENGINE_LIMITS.holdTtlMsDefault,
      createdAt: draft.now,
      metadata: null,
      fingerprint: FINGERPRINT,
      charge: null,
      by: null,
      balanceId: after.id,
      openedVersion: after.version,
      end: null,
      changes: 0,
      firstAnswers: null,
    }
    this.#open.set(requestId, hold)
    draft.opened.push(hold)
  }

  #end({ requestId }: HoldRequest, end: { state: 'settled' | 'released'; settled: bigint }, draft: Draft): void {
    const hold = this.#open.get(requestId)
    if (hold === undefined) throw new Error(`Nothing was frozen under ${requestId}.`)
    this.#open.delete(requestId)
    const { state, settled } = end
    const kind = state === 'settled' ? 'settle' : 'release'
    const entryId = endOfHold(requestId, kind)
    const released = hold.amount - settled
    const { seq } = hold
    const holder = this.#post(hold.account, { entryId, seq, kind, available: released, held: -hold.amount }, draft)
    const payee =
      settled === 0n ? null : this.#post(REVENUE, { entryId, seq, kind, available: settled, held: 0n }, draft)
    const after: HoldRecord = {
      ...hold,
      changes: 1,
      state,
      held: 0n,
      settled,
      released,
      end: {
        number: 1,
        at: draft.now,
        fingerprint: FINGERPRINT,
        settled,
        version: holder.version,
        payee: payee === null ? null : { balanceId: payee.id, version: payee.version },
        by: null,
      },
    }
    draft.changes.push({ after, step: null })
  }

  #transfer({ requestId, from, shares }: TransferRequest, draft: Draft): void {
    const seq = this.#seqs.next()
    const move = { entryId: requestId, seq, kind: 'transfer', held: 0n } as const
    const first = draft.postings.length
    const total = shares.reduce((sum, { amount }) => sum + amount, 0)
    const afters = [
      this.#post(this.#accountOf(from), { ...move, available: BigInt(-total) }, draft),
      ...shares.map(({ to, amount }) => this.#post(this.#accountOf(to), { ...move, available: BigInt(amount) }, draft)),
    ]
    draft.entries.push({
      id: requestId,
      seq,
      kind: 'transfer',
      at: draft.now,
      fingerprint: FINGERPRINT,
      memo: null,
      metadata: null,
      floor: null,
      overdraft: false,
      account: null,
      legs: null,
      step: null,
      by: null,
      postings: draft.postings.slice(first).map((posting, index) => {
        const balance = afters[index]!
        return { balanceId: balance.id, posting: describe(posting, balance) }
      }),
    })
  }

  #post(
    account: string,
    move: { entryId: string; seq: number; kind: EntryKind; available: bigint; held: bigint },
    { now, postings, befores }: Draft,
  ): BalanceRecord {
    const before = this.#balances.get(account)
    if (before === undefined) throw new Error(`The account ${account} was not made.`)
    const after: BalanceRecord = {
      ...before,
      available: before.available + move.available,
      held: before.held + move.held,
      version: before.version + 1,
    }
    this.#balances.set(account, after)
    if (!befores.has(account)) befores.set(account, before)
    postings.push({
      balanceId: after.id,
      version: after.version,
      entryId: move.entryId,
      seq: move.seq,
      kind: move.kind,
      availableDelta: move.available,
      heldDelta: move.held,
      available: after.available,
      held: after.held,
      at: now,
    })
    return after
  }
}
