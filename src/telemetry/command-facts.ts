/** What a line of the log says about a command. */
import { requestIdIn, type Answer, type Command, type Leg } from '../domain/command.ts'

export interface CommandFacts {
  readonly kind: Command['kind']
  /** Whose coins it is about: of a transfer who pays in its first leg; of the end of a hold, the holder, if the answer says it. */
  readonly account: string | undefined
  readonly asset: string | undefined
  /** In minor units; of a transfer, what the payer of the first leg pays in its asset. */
  readonly amount: string | undefined
  /** Of a transfer with several. */
  readonly legs: number | undefined
  /** Its own, or the hold's for a command that is idempotent by that. */
  readonly requestId: string | undefined
  /** The hold that it opens, changes or ends. */
  readonly hold: string | undefined
}

/** @param answer null unless it was applied or replayed */
export function factsOf(command: Command, answer: Answer | null): CommandFacts {
  const { kind } = command
  const { account, asset, amount, legs } = kind === 'transfer' ? ofLegs(command.legs) : ofFields(command, answer)
  const requestId = requestIdIn(command) ?? undefined
  const hold = 'hold' in command ? command.hold : kind === 'freeze' ? requestId : undefined
  return { kind, account, asset, amount, legs, requestId, hold }
}

type Moved = Pick<CommandFacts, 'account' | 'asset' | 'amount' | 'legs'>

function ofLegs(legs: readonly Leg[]): Moved {
  const { from, asset } = legs[0]!
  const paid = legs.filter((leg) => leg.from === from && leg.asset === asset)
  const amount = paid.reduce((sum, leg) => sum + leg.amount, 0n)
  return { account: from, asset, amount: amount.toString(), legs: legs.length > 1 ? legs.length : undefined }
}

function ofFields(command: Exclude<Command, { readonly kind: 'transfer' }>, answer: Answer | null): Moved {
  const amount = 'amount' in command ? command.amount : null
  return {
    account: textIn(command, 'account') ?? textIn(answer, 'account'),
    asset: textIn(command, 'asset') ?? textIn(answer, 'asset'),
    amount: amount === null ? undefined : amount.toString(),
    legs: undefined,
  }
}

function textIn(value: object | null, name: 'account' | 'asset'): string | undefined {
  const found = (value as Readonly<Record<string, unknown>> | null)?.[name]
  return typeof found === 'string' ? found : undefined
}
