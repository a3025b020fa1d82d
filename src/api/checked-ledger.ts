/**
 * The part of a `Ledger` that the library and the client share: it checks every command, fills in the defaults, and creates a
 * request id if the caller gave none.
 */
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { Command, CommandKind, OpenedAccount } from '../domain/command.ts'
import type { Hold } from '../domain/hold.ts'
import type { RequestId } from '../domain/ids.ts'
import type { Entry, HoldEvent, StatementLine } from '../domain/journal.ts'
import type { HouseAccount } from '../domain/house-account.ts'
import type { Rate } from '../domain/rate.ts'
import { accountWithJson } from './account.ts'
import { ASSET } from './asset.ts'
import type { AnswerOf, Answered, FrozenHold } from './answered.ts'
import { BALANCE } from './balance.ts'
import { batchOf, contractOf, CONTRACTS, type BatchRequest, type InputKind } from './contracts.ts'
import { ENTRY } from './entry.ts'
import { HOLD, holdEventWithJson } from './hold.ts'
import type { Keys } from './keys.ts'
import type {
  AccountInput,
  AccountView,
  AmendInput,
  AssetStats,
  BalancesInput,
  BatchOutcome,
  CallOptions,
  ChargeInput,
  CommandInput,
  DeclareInput,
  DepositInput,
  FeedInput,
  FeedPage,
  FreezeInput,
  HoldsInput,
  BlockInput,
  HouseInput,
  Ledger,
  MergeInput,
  OpenInput,
  PageInput,
  PageView,
  PostingsInput,
  RateInput,
  Reads,
  RefundInput,
  ReleaseInput,
  SettleInput,
  StatsInput,
  StatementInput,
  TransferInput,
  UnblockInput,
} from './ledger.ts'
import { PAGE_LIMIT_MAX } from '../domain/page.ts'
import { lineWithJson } from './posting.ts'
import { RATE } from './rate.ts'
import { newRequestId } from './request-id.ts'
import { pageWithJson } from './resource.ts'
import { statsWithJson } from './stats.ts'

/** A command without a method in `Ledger` does not compile. */
type CommandMethods = Pick<Ledger, InputKind>

export abstract class CheckedLedger implements Ledger, CommandMethods {
  abstract readonly keys: Keys
  protected abstract readonly reads: Reads

  /** @throws LedgerError for a rejection and for a fault */
  protected abstract submit<Kind extends CommandKind>(
    command: Command & { readonly kind: Kind },
    options: CallOptions | undefined,
  ): Promise<AnswerOf<Kind>>

  /** @throws LedgerError for an error of the whole batch */
  protected abstract submitBatch(batch: BatchRequest, options: CallOptions | undefined): Promise<BatchOutcome[]>

  async open(input: OpenInput, options?: CallOptions): Promise<Answered<OpenedAccount>> {
    const { account, ...rest } = input
    return await this.#answer(CONTRACTS.open.readOne({ account }, rest, newRequestId), options)
  }

  async house(input: HouseInput, options?: CallOptions): Promise<Answered<HouseAccount>> {
    const { account, ...rest } = input
    return await this.#answer(CONTRACTS.house.readOne({ account }, rest, newRequestId), options)
  }

  async block(input: BlockInput, options?: CallOptions): Promise<Answered<Entry>> {
    const { account, ...rest } = input
    return await this.#answer(CONTRACTS.block.readOne({ account }, rest, newRequestId), options)
  }

  async unblock(input: UnblockInput, options?: CallOptions): Promise<Answered<Entry>> {
    const { account, ...rest } = input
    return await this.#answer(CONTRACTS.unblock.readOne({ account }, rest, newRequestId), options)
  }

  async merge(input: MergeInput, options?: CallOptions): Promise<Answered<Entry>> {
    const { account, ...rest } = input
    return await this.#answer(CONTRACTS.merge.readOne({ account }, rest, newRequestId), options)
  }

  async declare(input: DeclareInput, options?: CallOptions): Promise<Answered<Asset>> {
    const { asset, ...rest } = input
    return await this.#answer(CONTRACTS.declare.readOne({ asset }, rest, newRequestId), options)
  }

  async rate(input: RateInput, options?: CallOptions): Promise<Answered<Rate>> {
    const { from, to, ...rest } = input
    return await this.#answer(CONTRACTS.rate.readOne({ from, to }, rest, newRequestId), options)
  }

  async deposit(input: DepositInput, options?: CallOptions): Promise<Answered<Entry>> {
    return await this.#answer(CONTRACTS.deposit.readOne({}, input, newRequestId), options)
  }

  async charge(input: ChargeInput, options?: CallOptions): Promise<Answered<Entry>> {
    return await this.#answer(CONTRACTS.charge.readOne({}, input, newRequestId), options)
  }

  async transfer(input: TransferInput, options?: CallOptions): Promise<Answered<Entry>> {
    return await this.#answer(CONTRACTS.transfer.readOne({}, input, newRequestId), options)
  }

  async freeze(input: FreezeInput, options?: CallOptions): Promise<FrozenHold> {
    return await this.#answer(CONTRACTS.freeze.readOne({}, input, newRequestId), options)
  }

  async settle(hold: RequestId, input: SettleInput, options?: CallOptions): Promise<Answered<Hold>> {
    const command = CONTRACTS.settle.readOne({ hold }, input, newRequestId)
    if (command.kind === 'settle') return await this.#answer(command, options)
    return await this.#answer(command, options)
  }

  async amend(hold: RequestId, input: AmendInput, options?: CallOptions): Promise<Answered<Hold>> {
    return await this.#answer(CONTRACTS.amend.readOne({ hold }, input, newRequestId), options)
  }

  async refund(hold: RequestId, input: RefundInput, options?: CallOptions): Promise<Answered<Hold>> {
    return await this.#answer(CONTRACTS.refund.readOne({ hold }, input, newRequestId), options)
  }

  async release(hold: RequestId, input?: ReleaseInput, options?: CallOptions): Promise<Answered<Hold>> {
    return await this.#answer(CONTRACTS.release.readOne({ hold }, input, newRequestId), options)
  }

  async batch(
    commands: readonly CommandInput[],
    options: CallOptions & { readonly atomic?: boolean } = {},
  ): Promise<BatchOutcome[]> {
    const batch = batchOf({ commands, atomic: options.atomic }, newRequestId)
    const outcomes = await this.submitBatch(batch, options)
    for (const [index, outcome] of outcomes.entries()) {
      if (outcome.status !== 'applied') continue
      contractOf(batch.commands[index]!.kind).answer.withJson(outcome.answer)
      if (outcome.current !== undefined) HOLD.withJson(outcome.current)
    }
    return outcomes
  }

  async #answer<Kind extends CommandKind>(
    command: Command & { readonly kind: Kind },
    options: CallOptions | undefined,
  ): Promise<AnswerOf<Kind>> {
    const { answered } = contractOf<Kind>(command.kind)
    return answered.withJson(await this.submit<Kind>(command, options))
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
      assets.push(...page.items.map(ASSET.withJson))
      cursor = page.next
    } while (cursor !== null)
    return assets
  }

  async account(account: string, input?: AccountInput): Promise<AccountView> {
    return accountWithJson(await this.reads.account(account, input))
  }

  async accounts(input?: BalancesInput): Promise<PageView<Balance>> {
    return pageWithJson(await this.reads.accounts(input), BALANCE.withJson)
  }

  async stats(input?: StatsInput): Promise<PageView<AssetStats>> {
    return pageWithJson(await this.reads.stats(input), statsWithJson)
  }

  async balance(account: string, asset?: string): Promise<Balance> {
    return BALANCE.withJson(await this.reads.balance(account, asset))
  }

  async hold(id: RequestId): Promise<Hold> {
    return HOLD.withJson(await this.reads.hold(id))
  }

  async holds(input?: HoldsInput): Promise<PageView<Hold>> {
    return pageWithJson(await this.reads.holds(input), HOLD.withJson)
  }

  async holdHistory(id: RequestId, input?: PageInput): Promise<PageView<HoldEvent>> {
    return pageWithJson(await this.reads.holdHistory(id, input), holdEventWithJson)
  }

  async postings(account: string, input?: PostingsInput): Promise<PageView<StatementLine>> {
    return pageWithJson(await this.reads.postings(account, input), lineWithJson)
  }

  async entry(id: string): Promise<Entry> {
    return ENTRY.withJson(await this.reads.entry(id))
  }

  async entries(input?: FeedInput): Promise<FeedPage> {
    const page = await this.reads.entries(input)
    page.items.forEach(ENTRY.withJson)
    return page
  }

  async rates(input?: PageInput): Promise<PageView<Rate>> {
    return pageWithJson(await this.reads.rates(input), RATE.withJson)
  }

  async rateHistory(from: string, to: string, input?: PageInput): Promise<PageView<Rate>> {
    return pageWithJson(await this.reads.rateHistory(from, to, input), RATE.withJson)
  }

  abstract close(): Promise<void>

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
