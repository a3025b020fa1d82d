/** The commands that the callers of the crash tests send, and the effect of each on the users' balances. */
import type { CommandInput } from '../../src/api/ledger.ts'
import { endOfHold } from '../../src/domain/journal.ts'

/** Most commands are about the first user. */
export const USERS = ['user:8', 'user:9', 'user:10', 'user:11'] as const
const [HOT, QUIET, PAYEE, POOR] = USERS

/** More than all callers together can spend. */
const FUNDS = 1_000_000_000n
/** Enough for two of this user's holds: further ones are rejected. */
const POOR_FUNDS = 1_000n
const POOR_HOLD = 400n

/** Commands that all have an id. */
export type Sent =
  | (Extract<CommandInput, { kind: 'deposit' | 'transfer' | 'freeze' }> & { readonly requestId: string })
  | Extract<CommandInput, { kind: 'settle' | 'release' }>

export type Freeze = Extract<Sent, { kind: 'freeze' }>

/** What a command adds to a balance. */
export interface Effect {
  readonly available: bigint
  readonly held: bigint
}

/** One deposit for each user, before all other commands. */
export function fundingOf(): readonly Sent[] {
  return USERS.map((account) => {
    const amount = account === POOR ? POOR_FUNDS : FUNDS
    return { kind: 'deposit', requestId: `funds-${account}`, account, amount }
  })
}

/** The next commands of a caller. Those after the first one depend on it. */
export function commandsOf(id: string, seed: number): readonly Sent[] {
  const account = seed % 5 === 0 ? QUIET : HOT
  const amount = BigInt(2 + (seed % 100))
  const hold = `hold-${id}`
  const freeze = { kind: 'freeze', requestId: hold, account, amount, metadata: { seed } } as const
  switch (seed % 6) {
    case 0:
      return [{ kind: 'deposit', requestId: `deposit-${id}`, account, amount, memo: `memo ${id}`, metadata: { seed } }]
    case 1:
      return [{ kind: 'transfer', requestId: `transfer-${id}`, legs: [{ from: account, to: PAYEE, amount }] }]
    case 2:
      return [freeze, { kind: 'settle', hold, amount: amount / 2n }]
    case 3:
      return [freeze, { kind: 'release', hold }]
    case 4:
      return [
        { ...freeze, payee: PAYEE },
        { kind: 'settle', hold, amount },
      ]
    default:
      return [
        { ...freeze, account: POOR, amount: POOR_HOLD },
        { kind: 'release', hold },
      ]
  }
}

/** The id of the command's entry, or of its hold's row. */
export function entryOf(command: Sent): string {
  return 'hold' in command ? endOfHold(command.hold, command.kind) : command.requestId
}

/** The postings that a command writes, by user. @param freezes by their ids */
export function effectsOf(command: Sent, freezes: ReadonlyMap<string, Freeze>): ReadonlyMap<string, Effect> {
  switch (command.kind) {
    case 'deposit':
      return new Map([[command.account, { available: command.amount, held: 0n }]])
    case 'transfer': {
      const [leg] = command.legs
      const { from, to, amount } = leg!
      return new Map([
        [from, { available: -amount, held: 0n }],
        [to, { available: amount, held: 0n }],
      ])
    }
    case 'freeze':
      return new Map([[command.account, { available: -command.amount, held: command.amount }]])
    case 'release': {
      const { account, amount } = freezes.get(command.hold)!
      return new Map([[account, { available: amount, held: -amount }]])
    }
    case 'settle': {
      const { account, amount, payee } = freezes.get(command.hold)!
      const effects = new Map([[account, { available: amount - command.amount, held: -amount }]])
      if (payee !== undefined) effects.set(payee, { available: command.amount, held: 0n })
      return effects
    }
  }
}
