/** The commands on holds: `freeze`, `settle`, `release`, `amend`, `refund`. */
import { Option, type Command } from 'commander'
import type { Answered, FrozenHold, SettleInput } from '../../api/ledger.ts'
import { SettingError } from '../../config.ts'
import { OVERAGES, type CommandKind, type Overage } from '../../domain/command.ts'
import type { Hold } from '../../domain/hold.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { addWriteCommand, shownAnswer, type WriteFlags } from '../answers.ts'
import { given, readAmountText, readDurationMs, readMetadata, type AmountText } from '../arguments.ts'
import { ifStepsOption, ifVersionOption } from '../conditions.ts'
import { assetOfHold, type Scales } from '../scales.ts'
import { show, type Answered as Output } from '../target.ts'
import { holdView } from '../hold-views.ts'

interface FreezeFlags extends WriteFlags {
  readonly requestId?: string
  readonly asset?: string
  readonly payee?: string
  readonly expiresIn?: number
  readonly onExpirySettle?: AmountText
  readonly metadata?: Metadata
  readonly ifVersion?: number
}

interface HoldFlags extends WriteFlags {
  readonly ifSteps?: number
}

interface SettleFlags extends HoldFlags {
  readonly overage?: Overage
  readonly payee?: string
  readonly part?: boolean
  readonly late?: boolean
  readonly requestId?: string
  readonly memo?: string
  readonly metadata?: Metadata
}

interface AmendFlags extends HoldFlags {
  readonly requestId?: string
  readonly amount?: AmountText
  readonly by?: AmountText
  readonly expiresIn?: number
  readonly onExpirySettle?: AmountText
  readonly onExpiryRelease?: boolean
}

interface RefundFlags extends HoldFlags {
  readonly toTotal?: AmountText
  readonly requestId?: string
  readonly memo?: string
  readonly metadata?: Metadata
}

const REQUEST_ID = 'idempotency key: one id has one effect, forever (default: a new id)'

export function addHoldCommands(program: Command): void {
  addFreeze(program)
  addSettle(program)
  addWriteCommand(program, 'release', 'Ends a hold: everything returns to the holder.')
    .argument('<hold>', 'the id of the hold')
    .addOption(ifStepsOption())
    .action((hold: string, flags: HoldFlags) =>
      show(flags, 'write', async (ledger) => {
        const { ifSteps, ifReplayed } = flags
        return shown('release', await ledger.release(hold, given({ ifSteps, ifReplayed })))
      }),
    )
  addAmend(program)
  addRefund(program)
}

function addFreeze(program: Command): void {
  addWriteCommand(program, 'freeze', 'Opens a hold: sets coins of an account aside.')
    .argument('<account>', 'the holder of the coins')
    .argument('<amount>', 'amount to set aside, in the decimal places of the asset', readAmountText)
    .option('--asset <code>', 'asset (default: credit)')
    .option('--request-id <id>', 'idempotency key and id of the hold (default: a new id)')
    .option('--payee <account>', 'account that receives the settled coins (default: @revenue)')
    .option('--expires-in <duration>', 'lifetime of the hold: 90s, 10m, 2h, 1d (default: 15m)', readDurationMs)
    .option(
      '--on-expiry-settle <amount>',
      'amount to settle when the hold expires, at most what is held then (default: release everything)',
      readAmountText,
    )
    .option('--metadata <json>', 'flat JSON object', readMetadata)
    .addOption(ifVersionOption())
    .action((account: string, text: AmountText, flags: FreezeFlags) =>
      show(flags, 'write', async (ledger, scales) => {
        const { requestId, asset, payee, metadata, expiresIn: expiresInMs, ifVersion, ifReplayed } = flags
        const amount = (await scales()).amount(text, 'amount', asset)
        const onExpiry = onExpiryOf(flags, await scales(), asset)
        const options = given({ requestId, asset, payee, metadata, expiresInMs, onExpiry, ifVersion, ifReplayed })
        return shown('freeze', await ledger.freeze({ account, amount, ...options }))
      }),
    )
}

function addSettle(program: Command): void {
  addWriteCommand(
    program,
    'settle',
    'Settles the actual cost and ends the hold; the rest returns to the holder. With --part, settles a part.',
  )
    .argument('<hold>', 'the id of the hold')
    .argument(
      '<amount>',
      'the actual cost, in the decimal places of the asset: 0 or more; with --part more than 0',
      readAmountText,
    )
    .addOption(
      new Option(
        '--overage <what>',
        'if the cost is more than is held: reject it, take only what is held, or draw the rest from available (default: reject)',
      ).choices(OVERAGES),
    )
    .option(
      '--payee <account>',
      'account that receives the coins, while nothing is settled (default: the payee of the hold)',
    )
    .option('--part', 'settle a part; the hold stays open')
    .option('--late', 'also if the hold has expired: take the cost from available, down to the floor, once')
    .option('--request-id <id>', `with --part: ${REQUEST_ID}`)
    .option('--memo <text>', 'with --part: note for people')
    .option('--metadata <json>', 'with --part: flat JSON object', readMetadata)
    .addOption(ifStepsOption())
    .action(async (hold: string, text: AmountText, flags: SettleFlags) => {
      const least = flags.part === true ? 1n : 0n
      const inputOf = settleInputOf(flags)
      await show(flags, 'write', async (ledger, scales) => {
        const amount = (await scales()).amount(text, 'amount', await assetOfHold(ledger, hold), least)
        return shown('settle', await ledger.settle(hold, inputOf(amount)))
      })
    })
}

function settleInputOf(flags: SettleFlags): (amount: bigint) => SettleInput {
  const { overage, payee, late, requestId, memo, metadata, ifSteps, ifReplayed } = flags
  if (flags.part === true) {
    if (late === true) throw new SettingError('--late is not possible with --part.')
    return (amount) => ({
      amount,
      final: false,
      ...given({ overage, payee, requestId, memo, metadata, ifSteps, ifReplayed }),
    })
  }
  if (requestId !== undefined || memo !== undefined || metadata !== undefined) {
    throw new SettingError(
      '--request-id, --memo and --metadata are only possible with --part. A settle that ends a hold is idempotent by the id of the hold.',
    )
  }
  return (amount) => ({ amount, ...given({ overage, payee, late, ifSteps, ifReplayed }) })
}

function addAmend(program: Command): void {
  addWriteCommand(
    program,
    'amend',
    'Changes an open hold: its total, its expiry, or the amount to settle at the expiry.',
  )
    .argument('<hold>', 'the id of the hold')
    .option(
      '--amount <amount>',
      'the new total, including settled parts, in the decimal places of the asset',
      readAmountText,
    )
    .addOption(
      new Option('--by <amount>', 'the change of the total: 100 raises it, -100 lowers it')
        .argParser(readAmountText)
        .conflicts('amount'),
    )
    .option('--expires-in <duration>', 'lifetime of the hold, counted from now: 90s, 10m, 2h, 1d', readDurationMs)
    .addOption(
      new Option('--on-expiry-settle <amount>', 'amount to settle when the hold expires, at most what is held then')
        .argParser(readAmountText)
        .conflicts('onExpiryRelease'),
    )
    .option('--on-expiry-release', 'release everything when the hold expires')
    .option('--request-id <id>', REQUEST_ID)
    .addOption(ifStepsOption())
    .action(async (hold: string, flags: AmendFlags) => {
      const {
        requestId,
        expiresIn: expiresInMs,
        amount: total,
        by: change,
        onExpirySettle,
        onExpiryRelease,
        ifSteps,
        ifReplayed,
      } = flags
      if (Object.keys(given({ expiresInMs, total, change, onExpirySettle, onExpiryRelease })).length === 0) {
        throw new SettingError('Give --amount, --by, --expires-in, --on-expiry-settle or --on-expiry-release.')
      }
      await show(flags, 'write', async (ledger, scales) => {
        const hasAmount = [total, change, onExpirySettle].some((text) => text !== undefined)
        const asset = hasAmount ? await assetOfHold(ledger, hold) : undefined
        const amount = total === undefined ? undefined : (await scales()).amount(total, '--amount', asset)
        const by = change === undefined ? undefined : (await scales()).whole(change, '--by', asset)
        const onExpiry = flags.onExpiryRelease === true ? null : onExpiryOf(flags, await scales(), asset)
        return shown(
          'amend',
          await ledger.amend(hold, given({ requestId, amount, by, expiresInMs, onExpiry, ifSteps, ifReplayed })),
        )
      })
    })
}

function addRefund(program: Command): void {
  addWriteCommand(program, 'refund', 'Returns settled coins, or a part of them, from the payee to the holder.')
    .argument('<hold>', 'the id of the hold, or of a charge')
    .argument('[amount]', 'amount to refund, in the decimal places of the asset', readAmountText)
    .option('--to-total <amount>', 'in place of <amount>: refund up to this total of all refunds', readAmountText)
    .option('--request-id <id>', REQUEST_ID)
    .option('--memo <text>', 'note for people')
    .option('--metadata <json>', 'flat JSON object', readMetadata)
    .addOption(ifStepsOption())
    .action(async (hold: string, text: AmountText | undefined, flags: RefundFlags) => {
      if ((text === undefined) === (flags.toTotal === undefined)) {
        throw new SettingError('Give an amount, or --to-total in its place.')
      }
      await show(flags, 'write', async (ledger, scales) => {
        const { requestId, memo, metadata, ifSteps, ifReplayed } = flags
        const asset = await assetOfHold(ledger, hold)
        const read = async (each: AmountText | undefined, name: string): Promise<bigint | undefined> =>
          each === undefined ? undefined : (await scales()).amount(each, name, asset)
        const amount = await read(text, 'amount')
        const toTotal = await read(flags.toTotal, '--to-total')
        return shown(
          'refund',
          await ledger.refund(hold, given({ amount, toTotal, requestId, memo, metadata, ifSteps, ifReplayed })),
        )
      })
    })
}

function onExpiryOf({ onExpirySettle: text }: Pick<FreezeFlags, 'onExpirySettle'>, scales: Scales, asset?: string) {
  return text === undefined ? undefined : { settle: scales.amount(text, '--on-expiry-settle', asset) }
}

function shown(kind: CommandKind, hold: Answered<Hold> | FrozenHold): Output {
  return shownAnswer(kind, hold, (scales) => holdView(hold, scales))
}
