/** Coins set aside and what becomes of them: `freeze`, `settle`, `release`, `amend`, `refund`. */
import { Option, type Command } from 'commander'
import type { SettleInput } from '../../api/ledger.ts'
import { holdToWire } from '../../api/hold.ts'
import { SettingError } from '../../config.ts'
import type { Overage } from '../../domain/command.ts'
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

const REQUEST_ID = 'idempotency key: the same id has one effect, for ever (default: a new one)'

export function addHoldCommands(program: Command): void {
  addFreeze(program)
  addSettle(program)
  addLedgerCommand(program, 'release', 'A hold is given back untouched.')
    .argument('<hold>', 'the id of the hold')
    .action((hold: string, flags: TargetFlags) =>
      show(flags, 'write', async (ledger) => shown(await ledger.release(hold))),
    )
  addAmend(program)
  addRefund(program)
}

function addFreeze(program: Command): void {
  addLedgerCommand(program, 'freeze', 'Coins are set aside: a hold is opened.')
    .argument('<account>', 'whose coins')
    .argument('<amount>', 'how much, in minor units', readAmount)
    .option('--asset <code>', 'kind of coin (default: credit)')
    .option('--request-id <id>', 'idempotency key, and the id of the hold (default: a new one)')
    .option('--payee <account>', 'who gets what is settled (default: @revenue)')
    .option('--expires-in <duration>', 'life of the hold: 90s, 10m, 2h, 1d (default: 15m)', readDurationMs)
    .option(
      '--on-expiry-settle <amount>',
      'settle so much when it expires, or what is held then (default: all goes back)',
      readAmount,
    )
    .option('--metadata <json>', 'a flat JSON object to attach', readMetadata)
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
  addLedgerCommand(program, 'settle', 'The actual cost is taken out of a hold, the rest goes back; or a part is taken.')
    .argument('<hold>', 'the id of the hold')
    .argument('<amount>', 'the actual cost, in minor units; 0 or more, of a part at least 1', readAmount)
    .addOption(
      new Option(
        '--overage <what>',
        'when the cost is more than is held: refuse, take what is held, or draw the rest from available (default: reject)',
      ).choices(['reject', 'cap', 'draw']),
    )
    .option('--payee <account>', 'who gets it, as long as nothing was settled (default: the payee of the hold)')
    .option('--part', 'settle a part: the hold stays open')
    .option('--late', 'also when the hold has expired: take what there is from available, once')
    .option('--request-id <id>', `of a part: ${REQUEST_ID}`)
    .option('--memo <text>', 'of a part: a note for people')
    .option('--metadata <json>', 'of a part: a flat JSON object to attach', readMetadata)
    .action(async (hold: string, amount: bigint, flags: SettleFlags) => {
      const input = settleInputOf(amount, flags)
      await show(flags, 'write', async (ledger) => shown(await ledger.settle(hold, input)))
    })
}

function settleInputOf(amount: bigint, flags: SettleFlags): SettleInput {
  const { overage, payee, late, requestId, memo, metadata } = flags
  if (flags.part === true) {
    if (late === true) throw new SettingError('--late goes without --part: it is the last that is settled of a hold.')
    return { amount, final: false, ...given({ overage, payee, requestId, memo, metadata }) }
  }
  if (requestId !== undefined || memo !== undefined || metadata !== undefined) {
    throw new SettingError(
      '--request-id, --memo and --metadata go with --part. A settle that ends a hold is idempotent by the id of the hold.',
    )
  }
  return { amount, ...given({ overage, payee, late }) }
}

function addAmend(program: Command): void {
  addLedgerCommand(program, 'amend', 'An open hold is changed: what it holds, when it expires, what happens then.')
    .argument('<hold>', 'the id of the hold')
    .option('--amount <amount>', 'what is frozen in all, with what parts have taken, in minor units', readAmount)
    .option('--expires-in <duration>', 'life of the hold from now on: 90s, 10m, 2h, 1d', readDurationMs)
    .addOption(
      new Option('--on-expiry-settle <amount>', 'settle so much when it expires, or what is held then')
        .argParser(readAmount)
        .conflicts('onExpiryRelease'),
    )
    .option('--on-expiry-release', 'give everything back when it expires')
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
  addLedgerCommand(program, 'refund', 'What was settled of a hold goes back from its payee, all or a part of it.')
    .argument('<hold>', 'the id of the hold')
    .argument('<amount>', 'how much, in minor units', readAmount)
    .option('--request-id <id>', REQUEST_ID)
    .option('--memo <text>', 'a note for people')
    .option('--metadata <json>', 'a flat JSON object to attach', readMetadata)
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
