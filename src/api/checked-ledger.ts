/**
 * The part of a `Ledger` that the library and the client share: it checks every command, fills in the defaults, and creates a
 * request id if the caller gave none.
 */
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { Command, CommandKind, Answers } from '../domain/command.ts'
import type { Hold } from '../domain/hold.ts'
import type { RequestId } from '../domain/ids.ts'
import type { Entry, HoldEvent, StatementLine } from '../domain/journal.ts'
import type { Rate } from '../domain/rate.ts'
import { batchOf, CONTRACTS, type BatchRequest, type InputKind } from './contracts.ts'
import type {
  AccountInput,
  AccountView,
  AmendInput,
  BatchOutcome,
  CallOptions,
  ChargeInput,
  CommandInput,
  DeclareInput,
  DepositInput,
  FreezeInput,
  HoldsInput,
  Ledger,
  OpenInput,
  PageInput,
  PageView,
  PostingsInput,
  RateInput,
  Reads,
  RefundInput,
  SettleInput,
  StatementInput,
  TransferInput,
} from './ledger.ts'
import { PAGE_LIMIT_MAX } from '../domain/page.ts'
import { newRequestId } from './request-id.ts'

/** A command without a method in `Ledger` does not compile. */
type CommandMethods = Pick<Ledger, InputKind>

export abstract class CheckedLedger implements Ledger, CommandMethods {
  protected abstract readonly reads: Reads

  /** @throws LedgerError for a rejection and for a fault */
  protected abstract submit<Kind extends CommandKind>(
    command: Command & { readonly kind: Kind },
    options: CallOptions | undefined,
  ): Promise<Answers[Kind]>

  /** @throws LedgerError for an error of the whole batch */
  protected abstract submitBatch(batch: BatchRequest, options: CallOptions | undefined): Promise<BatchOutcome[]>

  async open(input: OpenInput, options?: CallOptions): Promise<Balance> {
    const { account, ...rest } = input
    return await this.submit(CONTRACTS.open.readOne({ account }, rest, newRequestId), options)
  }

  async declare(input: DeclareInput, options?: CallOptions): Promise<Asset> {
    const { asset, ...rest } = input
    return await this.submit(CONTRACTS.declare.readOne({ asset }, rest, newRequestId), options)
  }

  async rate(input: RateInput, options?: CallOptions): Promise<Rate> {
    const { from, to, ...rest } = input
    return await this.submit(CONTRACTS.rate.readOne({ from, to }, rest, newRequestId), options)
  }

  async deposit(input: DepositInput, options?: CallOptions): Promise<Entry> {
    return await this.submit(CONTRACTS.deposit.readOne({}, input, newRequestId), options)
  }

  async charge(input: ChargeInput, options?: CallOptions): Promise<Entry> {
    return await this.submit(CONTRACTS.charge.readOne({}, input, newRequestId), options)
  }

  async transfer(input: TransferInput, options?: CallOptions): Promise<Entry> {
    return await this.submit(CONTRACTS.transfer.readOne({}, input, newRequestId), options)
  }

  async freeze(input: FreezeInput, options?: CallOptions): Promise<Hold> {
    return await this.submit(CONTRACTS.freeze.readOne({}, input, newRequestId), options)
  }

  async settle(hold: RequestId, input: SettleInput, options?: CallOptions): Promise<Hold> {
    const command = CONTRACTS.settle.readOne({ hold }, input, newRequestId)
    if (command.kind === 'settle') return await this.submit(command, options)
    return await this.submit(command, options)
  }

  async amend(hold: RequestId, input: AmendInput, options?: CallOptions): Promise<Hold> {
    return await this.submit(CONTRACTS.amend.readOne({ hold }, input, newRequestId), options)
  }

  async refund(hold: RequestId, input: RefundInput, options?: CallOptions): Promise<Hold> {
    return await this.submit(CONTRACTS.refund.readOne({ hold }, input, newRequestId), options)
  }

  async release(hold: RequestId, options?: CallOptions): Promise<Hold> {
    return await this.submit(CONTRACTS.release.readOne({ hold }, undefined, newRequestId), options)
  }

  async batch(
    commands: readonly CommandInput[],
    options: CallOptions & { readonly atomic?: boolean } = {},
  ): Promise<BatchOutcome[]> {
    return await this.submitBatch(batchOf({ commands, atomic: options.atomic }, newRequestId), options)
  }

  async *exportPostings(account: string, input: StatementInput = {}): AsyncGenerator<StatementLine> {
    let cursor: string | null = null
    do {
      const page: PageView<StatementLine> = await this.postings(account, {
        ...input,
        limit: PAGE_LIMIT_MAX,
        ...(cursor === null ? {} : { cursor }),
      })
      yield* page.items
      cursor = page.next
    } while (cursor !== null)
  }

  async assets(): Promise<readonly Asset[]> {
    const assets: Asset[] = []
    let cursor: string | null = null
    do {
      const page: PageView<Asset> = await this.reads.assetPage(cursor === null ? {} : { cursor })
      assets.push(...page.items)
      cursor = page.next
    } while (cursor !== null)
    return assets
  }

  account(account: string, input?: AccountInput): Promise<AccountView> {
    return this.reads.account(account, input)
  }

  hold(id: RequestId): Promise<Hold> {
    return this.reads.hold(id)
  }

  holds(input?: HoldsInput): Promise<PageView<Hold>> {
    return this.reads.holds(input)
  }

  holdHistory(id: RequestId, input?: PageInput): Promise<PageView<HoldEvent>> {
    return this.reads.holdHistory(id, input)
  }

  postings(account: string, input?: PostingsInput): Promise<PageView<StatementLine>> {
    return this.reads.postings(account, input)
  }

  entry(id: string): Promise<Entry> {
    return this.reads.entry(id)
  }

  rates(input?: PageInput): Promise<PageView<Rate>> {
    return this.reads.rates(input)
  }

  rateHistory(from: string, to: string, input?: PageInput): Promise<PageView<Rate>> {
    return this.reads.rateHistory(from, to, input)
  }

  abstract close(): Promise<void>

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
