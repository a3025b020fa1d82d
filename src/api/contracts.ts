/** All contracts, one per command, and the batch and the schemas that are built from them. */
import type { Command, CommandKind } from '../domain/command.ts'
import type { RequestId } from '../domain/ids.ts'
import { amend, type AmendInput } from './commands/amend.ts'
import { block, unblock, type BlockInput, type UnblockInput } from './commands/block.ts'
import { charge, type ChargeInput } from './commands/charge.ts'
import { declare, type DeclareInput } from './commands/declare.ts'
import { house, type HouseInput } from './commands/house.ts'
import { deposit, type DepositInput } from './commands/deposit.ts'
import { freeze, type FreezeInput } from './commands/freeze.ts'
import { merge, type MergeInput } from './commands/merge.ts'
import { open, type OpenInput } from './commands/open.ts'
import { rate, type RateInput } from './commands/rate.ts'
import { refund, type RefundInput } from './commands/refund.ts'
import { release, type ReleaseInput } from './commands/release.ts'
import { settle, type SettleInput } from './commands/settle.ts'
import { Leg, transfer, type TransferInput } from './commands/transfer.ts'
import type { Contract } from './contract.ts'
import { LedgerError } from './error.ts'
import { flag } from './fields.ts'
import { fieldsIn, refuse } from './input.ts'
import type { NewRequestId } from './request-id.ts'
import { named } from './schema.ts'
import { type Static, Type } from './typebox.ts'

/** In the order of the OpenAPI document. The contract `settle` results in a settle or a settle-part. */
export const CONTRACTS = {
  deposit,
  charge,
  transfer,
  freeze,
  settle,
  'settle-part': settle,
  amend,
  refund,
  release,
  open,
  block,
  unblock,
  merge,
  declare,
  house,
  rate,
} satisfies { readonly [Kind in CommandKind]: Contract<Kind> }

/** The input of each command of a batch, without its `kind`. */
interface Inputs {
  open: OpenInput
  deposit: DepositInput
  charge: ChargeInput
  transfer: TransferInput
  freeze: FreezeInput
  settle: { readonly hold: RequestId } & SettleInput
  amend: { readonly hold: RequestId } & AmendInput
  refund: { readonly hold: RequestId } & RefundInput
  release: { readonly hold: RequestId } & ReleaseInput
  declare: DeclareInput
  house: HouseInput
  block: BlockInput
  unblock: UnblockInput
  merge: MergeInput
  rate: RateInput
}

/** Both kinds of settle are asked for as `settle`. */
export type InputKind = Exclude<CommandKind, 'settle-part'>

/** One command of a batch. */
export type CommandInput = { [Kind in InputKind]: { readonly kind: Kind } & Inputs[Kind] }[InputKind]

/** Every contract by its kind in a batch. */
const BY_NAME: ReadonlyMap<string, Contract> = new Map(
  Object.values(CONTRACTS).map((contract) => [contract.kind, contract]),
)

export const ALL_CONTRACTS: readonly Contract[] = [...BY_NAME.values()]

export function contractOf<Kind extends CommandKind>(kind: Kind): Contract<Kind> {
  return CONTRACTS[kind] as unknown as Contract<Kind>
}

/** A command as a client sends it in a batch. `commandOf` reads it back to an equal command. */
export function commandToWire(command: Command): object {
  return contractOf(command.kind).write(command)
}

/** Reads one command of a batch. @throws LedgerError `invalid_request` */
export function commandOf(input: unknown, newRequestId: NewRequestId): Command {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw LedgerError.invalid('', 'A command must be an object.')
  }
  const kind: unknown = (input as { kind?: unknown }).kind
  const contract = typeof kind === 'string' ? BY_NAME.get(kind) : undefined
  if (contract === undefined) throw refuse(kind, '/kind', `one of ${[...BY_NAME.keys()].join(', ')}`)
  return contract.readOfBatch(input, newRequestId)
}

export const BATCH_COMMANDS_MAX = 1000

export interface BatchRequest {
  readonly commands: readonly Command[]
  /** True: all commands take effect, or none. */
  readonly atomic: boolean
}

const atomicField = flag(false, 'true: all commands take effect, or none.')
const BATCH: ReadonlySet<string> = new Set(['commands', 'atomic'])

/** Reads a batch. Pointers start at its root: `/commands/3/amount`. @throws LedgerError `invalid_request` */
export function batchOf(input: unknown, newRequestId: NewRequestId): BatchRequest {
  const given = fieldsIn(input, BATCH)
  const atomic = atomicField.read(given['atomic'], '/atomic')
  const inputs = given['commands']
  if (!Array.isArray(inputs) || inputs.length === 0 || inputs.length > BATCH_COMMANDS_MAX) {
    throw refuse(inputs, '/commands', `an array of 1 to ${BATCH_COMMANDS_MAX} commands`)
  }
  const commands = inputs.map((item: unknown, index) => {
    try {
      return commandOf(item, newRequestId)
    } catch (error) {
      throw error instanceof LedgerError ? error.under(`/commands/${index}`) : error
    }
  })
  return { commands, atomic }
}

const COMMAND_SCHEMAS = ALL_CONTRACTS.map(({ commandSchema }) => commandSchema)

export const CommandBody = named(
  'Command',
  Type.Unsafe<object>({
    oneOf: COMMAND_SCHEMAS.map(({ $id }) => ({ $ref: `${$id}#` })),
    discriminator: {
      propertyName: 'kind',
      mapping: Object.fromEntries(
        ALL_CONTRACTS.map(({ kind, commandSchema }) => [kind, `#/components/schemas/${commandSchema.$id}`]),
      ),
    },
    description: 'One command, with its `kind`.',
  }),
)

export const BatchBody = named(
  'BatchBody',
  Type.Object(
    {
      commands: Type.Array(Type.Unsafe<Static<typeof CommandBody>>({ $ref: 'Command#' }), {
        minItems: 1,
        maxItems: BATCH_COMMANDS_MAX,
        description: 'Give every command a `requestId` of its own, so that the batch can be repeated.',
      }),
      atomic: atomicField.schema,
    },
    {
      additionalProperties: false,
      description: 'Several commands in one request.',
      examples: [
        {
          commands: [
            { kind: 'freeze', requestId: 'job-617', account: 'user:8', amount: '100' },
            { kind: 'settle', hold: 'job-616', amount: '500' },
          ],
          atomic: false,
        },
      ],
    },
  ),
)

/** The named body schemas of the OpenAPI document. */
export const BODIES = [
  Leg,
  ...ALL_CONTRACTS.map(({ bodySchema }) => bodySchema),
  ...COMMAND_SCHEMAS,
  CommandBody,
  BatchBody,
]
