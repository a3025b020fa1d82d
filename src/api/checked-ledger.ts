/**
 * The half of a `Ledger` that is the same everywhere: every command is checked and completed before it goes anywhere, in
 * process as over HTTP, and without a request id it gets one.
 */
import type { Asset } from '../domain/asset.ts'
import type { Balance } from '../domain/balance.ts'
import type { Command, CommandKind, Answers } from '../domain/command.ts'
import type { Hold } from '../domain/hold.ts'
import type { RequestId } from '../domain/ids.ts'
import type { Entry, HoldEvent, StatementLine } from '../domain/journal.ts'
import type { Rate } from '../domain/rate.ts'
import {
  amendOf,
  batchOf,
  chargeOf,
  declareOf,
  depositOf,
  freezeOf,
  openOf,
  rateOf,
  refundOf,
  releaseOf,
  settleOf,
  transferOf,
  type BatchRequest,
} from './commands.ts'
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
  RefundInput,
  SettleInput,
  StatementInput,
  TransferInput,
} from './ledger.ts'
import { PAGE_LIMIT_MAX, type PageQuery } from './queries.ts'
import { newRequestId } from './request-id.ts'

export abstract class CheckedLedger implements Ledger {
  /** @throws LedgerError for a rejection as for a fault */
  protected abstract submit<Kind extends CommandKind>(
    command: Command & { readonly kind: Kind },
    options: CallOptions | undefined,
  ): Promise<Answers[Kind]>

  /** @throws LedgerError for what concerns the batch as a whole */
  protected abstract submitBatch(batch: BatchRequest, options: CallOptions | undefined): Promise<BatchOutcome[]>

  async open(input: OpenInput, options?: CallOptions): Promise<Balance> {
    const { account, ...rest } = input
    return await this.submit(openOf(account, rest, newRequestId), options)
  }

  async declare(input: DeclareInput, options?: CallOptions): Promise<Asset> {
    const { asset, ...rest } = input
    return await this.submit(declareOf(asset, rest), options)
  }

  async rate(input: RateInput, options?: CallOptions): Promise<Rate> {
    const { from, to, ...rest } = input
    return await this.submit(rateOf(from, to, rest), options)
  }

  async deposit(input: DepositInput, options?: CallOptions): Promise<Entry> {
    return await this.submit(depositOf(input, newRequestId), options)
  }

  async charge(input: ChargeInput, options?: CallOptions): Promise<Entry> {
    return await this.submit(chargeOf(input, newRequestId), options)
  }

  async transfer(input: TransferInput, options?: CallOptions): Promise<Entry> {
    return await this.submit(transferOf(input, newRequestId), options)
  }

  async freeze(input: FreezeInput, options?: CallOptions): Promise<Hold> {
    return await this.submit(freezeOf(input, newRequestId), options)
  }

  async settle(hold: RequestId, input: SettleInput, options?: CallOptions): Promise<Hold> {
    const command = settleOf(hold, input, newRequestId)
    if (command.kind === 'settle') return await this.submit(command, options)
    return await this.submit(command, options)
  }

  async amend(hold: RequestId, input: AmendInput, options?: CallOptions): Promise<Hold> {
    return await this.submit(amendOf(hold, input, newRequestId), options)
  }

  async refund(hold: RequestId, input: RefundInput, options?: CallOptions): Promise<Hold> {
    return await this.submit(refundOf(hold, input, newRequestId), options)
  }

  async release(hold: RequestId, options?: CallOptions): Promise<Hold> {
    return await this.submit(releaseOf(hold, undefined), options)
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
      const page: PageView<Asset> = await this.assetPage({ limit: PAGE_LIMIT_MAX, cursor })
      assets.push(...page.items)
      cursor = page.next
    } while (cursor !== null)
    return assets
  }

  protected abstract assetPage(query: PageQuery): Promise<PageView<Asset>>
  abstract account(account: string, input?: AccountInput): Promise<AccountView>
  abstract hold(id: RequestId): Promise<Hold>
  abstract holds(input?: HoldsInput): Promise<PageView<Hold>>
  abstract holdHistory(id: RequestId, input?: PageInput): Promise<PageView<HoldEvent>>
  abstract postings(account: string, input?: PostingsInput): Promise<PageView<StatementLine>>
  abstract entry(id: string): Promise<Entry>
  abstract rates(input?: PageInput): Promise<PageView<Rate>>
  abstract rateHistory(from: string, to: string, input?: PageInput): Promise<PageView<Rate>>
  abstract close(): Promise<void>

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }
}
