/** The commands on holds: `freeze`, `settle`, `release`, `amend`, `refund`. */
import { Option, type Command } from 'commander'
import type { SettleInput } from '../../api/ledger.ts'
import { holdToWire } from '../../api/hold.ts'
import { SettingError } from '../../config.ts'
import { OVERAGES, type Overage } from '../../domain/command.ts'
import type { Hold } from '../../domain/hold.ts'
import type { Metadata } from '../../domain/metadata.ts'
import { given, readAmount, readDurationMs, readMetadata } from '../arguments.ts'
import { addLedgerCommand, show, type Shown, type TargetFlags } from '../target.ts'
import { holdView } from '../hold-views.ts'

interface FreezeFlags extends TargetFlags {
  readonly requestId?: string
  readonly asset?: string
  readonly payee?: string
  readonly expiresIn?: number
  readonly onExpirySettle?: bigint
  readonly metadata?: Metadata
}

interface SettleFlags extends TargetFlags {
  readonly overage?: Overage
  readonly payee?: string
  readonly part?: boolean
  readonly late?: boolean
  readonly requestId?: string
  readonly memo?: string
  readonly metadata?: Metadata
}

interface AmendFlags extends TargetFlags {
  readonly requestId?: string
  readonly amount?: bigint
  readonly expiresIn?: number
  readonly onExpirySettle?: bigint
  readonly onExpiryRelease?: boolean
}

interface RefundFlags extends TargetFlags {
  readonly requestId?: string
  readonly memo?: string
  readonly metadata?: Metadata
}

const REQUEST_ID = 'idempotency key: one id has one effect, forever (default: a new id)'

export function addHoldCommands(program: Command): void {
  addFreeze(program)
  addSettle(program)
  addLedgerCommand(program, 'release', 'Ends a hold: everything returns to the holder.')
    .argument('<hold>', 'the id of the hold')
    .action((hold: string, flags: TargetFlags) =>
      show(flags, 'write', async (ledger) => shown(await ledger.release(hold))),
    )
  addAmend(program)
  addRefund(program)
}

function addFreeze(program: Command): void {
  addLedgerCommand(program, 'freeze', 'Opens a hold: sets coins of an account aside.')
    .argument('<account>', 'the holder of the coins')
    .argument('<amount>', 'amount to set aside, in minor units', readAmount)
    .option('--asset <code>', 'asset (default: credit)')
    .option('--request-id <id>', 'idempotency key and id of the hold (default: a new id)')
    .option('--payee <account>', 'account that receives the settled coins (default: @revenue)')
    .option('--expires-in <duration>', 'lifetime of the hold: 90s, 10m, 2h, 1d (default: 15m)', readDurationMs)
    .option(
      '--on-expiry-settle <amount>',
      'amount to settle when the hold expires, at most what is held then (default: release everything)',
      readAmount,
    )
    .option('--metadata <json>', 'flat JSON object', readMetadata)
    .action((account: string, amount: bigint, flags: FreezeFlags) =>
      show(flags, 'write', async (ledger) => {
        const { requestId, asset, payee, metadata, expiresIn: expiresInMs } = flags
        const onExpiry = onExpiryOf(flags)
        const options = given({ requestId, asset, payee, metadata, expiresInMs, onExpiry })
        return shown(await ledger.freeze({ account, amount, ...options }))
      }),
    )
}

function addSettle(program: Command): void {
  addLedgerCommand(
    program,
    'settle',
    'Settles the actual cost and ends the hold; the rest returns to the holder. With --part, settles a part.',
  )
    .argument('<hold>', 'the id of the hold')
    .argument('<amount>', 'the actual cost, in minor units: 0 or more; with --part at least 1', readAmount)
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
    .action(async (hold: string, amount: bigint, flags: SettleFlags) => {
      const input = settleInputOf(amount, flags)
      await show(flags, 'write', async (ledger) => shown(await ledger.settle(hold, input)))
    })
}

function settleInputOf(amount: bigint, flags: SettleFlags): SettleInput {
  const { overage, payee, late, requestId, memo, metadata } = flags
  if (flags.part === true) {
    if (late === true) throw new SettingError('--late is not possible with --part.')
    return { amount, final: false, ...given({ overage, payee, requestId, memo, metadata }) }
  }
  if (requestId !== undefined || memo !== undefined || metadata !== undefined) {
    throw new SettingError(
      '--request-id, --memo and --metadata are only possible with --part. A settle that ends a hold is idempotent by the id of the hold.',
    )
  }
  return { amount, ...given({ overage, payee, late }) }
}

function addAmend(program: Command): void {
  addLedgerCommand(
    program,
    'amend',
    'Changes an open hold: its total, its expiry, or the amount to settle at the expiry.',
  )
    .argument('<hold>', 'the id of the hold')
    .option('--amount <amount>', 'the new total, including settled parts, in minor units', readAmount)
    .option('--expires-in <duration>', 'lifetime of the hold, counted from now: 90s, 10m, 2h, 1d', readDurationMs)
    .addOption(
      new Option('--on-expiry-settle <amount>', 'amount to settle when the hold expires, at most what is held then')
        .argParser(readAmount)
        .conflicts('onExpiryRelease'),
    )
    .option('--on-expiry-release', 'release everything when the hold expires')
    .option('--request-id <id>', REQUEST_ID)
    .action((hold: string, flags: AmendFlags) =>
      show(flags, 'write', async (ledger) => {
        const { requestId, amount, expiresIn: expiresInMs } = flags
        const onExpiry = flags.onExpiryRelease === true ? null : onExpiryOf(flags)
        return shown(await ledger.amend(hold, given({ requestId, amount, expiresInMs, onExpiry })))
      }),
    )
}

function addRefund(program: Command): void {
  addLedgerCommand(program, 'refund', 'Returns settled coins, or a part of them, from the payee to the holder.')
    .argument('<hold>', 'the id of the hold')
    .argument('<amount>', 'amount to refund, in minor units', readAmount)
    .option('--request-id <id>', REQUEST_ID)
    .option('--memo <text>', 'note for people')
    .option('--metadata <json>', 'flat JSON object', readMetadata)
    .action((hold: string, amount: bigint, flags: RefundFlags) =>
      show(flags, 'write', async (ledger) => {
        const { requestId, memo, metadata } = flags
        return shown(await ledger.refund(hold, { amount, ...given({ requestId, memo, metadata }) }))
      }),
    )
}

function onExpiryOf({ onExpirySettle: settle }: Pick<FreezeFlags, 'onExpirySettle'>) {
  return settle === undefined ? undefined : { settle }
}

function shown(hold: Hold): Shown {
  return { wire: holdToWire(hold), view: holdView(hold) }
}
