/**
 * What a key may not do, from the documents: the accounts, the assets and the amount that a command names or moves must be within the
 * limits of its key. House accounts are nobody's, and what a closed account passes on is not the key's doing.
 */
import type { Command } from '../../src/domain/command.ts'
import type { Confinement } from '../../src/domain/confinement.ts'
import type { ConfinementLimit, Rejection } from '../../src/domain/outcome.ts'
import type { Circumstances, Verdict } from './books.ts'

interface About {
  readonly account?: string
  readonly asset?: string | null
}

/** What the reference ledger knows of the command, and how it decides. */
export interface Question {
  readonly within: Confinement
  /** The hold that the command is about. */
  readonly hold: About | null
  /** The first command under its request id, with its answer; and the hold of that one. */
  readonly earlier: { readonly command: Command; readonly answer: unknown; readonly hold: About | null } | null
  /** Before the command. */
  readonly floorOf: (account: string, asset: string) => bigint | null
  readonly decide: (at: Circumstances) => Verdict
}

export function confine(command: Command, at: Circumstances, question: Question): Verdict {
  const { within, hold, earlier, decide } = question
  const forbidden = limitOf(within, namedIn(command))
  if (forbidden !== null) return forbid(forbidden)
  if (hold !== null && limitOf(within, [hold]) !== null) return decide({ ...at, knowsNoHold: true })
  const before = earlier === null ? null : limitOf(within, earlierAbout(earlier))
  if (before !== null) return forbid(before)
  const verdict = decide(at)
  if (verdict.kind !== 'applied') return verdict
  const passedOn = verdict.forward?.postings.length ?? 0
  const lines = verdict.lines.slice(0, verdict.lines.length - passedOn)
  const touched = limitOf(within, lines)
  if (touched !== null) return forbid(touched)
  const lost = new Map<string, bigint>()
  for (const { asset, availableDelta, heldDelta } of lines) {
    const [spent, paid] = [-availableDelta, -availableDelta - heldDelta]
    const loss = spent > paid ? spent : paid
    if (loss > 0n) lost.set(asset, (lost.get(asset) ?? 0n) + loss)
  }
  const { amountMax } = within
  const most = [...lost.values(), creditOf(command, question)].reduce((left, right) => (left > right ? left : right))
  return amountMax !== null && most > amountMax ? forbid('amount') : verdict
}

/** A lower floor is credit. */
function creditOf(command: Command, { floorOf }: Question): bigint {
  if (command.kind !== 'open' || command.asset === null || command.floor === null) return 0n
  return floorOf(command.account, command.asset)! - command.floor
}

function forbid(limit: ConfinementLimit): Verdict {
  const rejection: Rejection = { code: 'forbidden', limit }
  return { kind: 'refused', rejection }
}

/** Accounts count before assets. */
function limitOf({ accounts, assets }: Confinement, all: readonly About[]): ConfinementLimit | null {
  const strangers = all.flatMap(({ account }) => account ?? []).filter((account) => !account.startsWith('@'))
  if (accounts !== null && !strangers.every((account) => accounts.some((prefix) => account.startsWith(prefix)))) {
    return 'accounts'
  }
  const named = all.flatMap(({ asset }) => asset ?? [])
  return assets !== null && !named.every((asset) => assets.includes(asset)) ? 'assets' : null
}

function namedIn(command: Command): readonly About[] {
  switch (command.kind) {
    case 'transfer':
      return command.legs.flatMap(({ from, to, asset, toAsset = asset }) => [
        { account: from, asset },
        { account: to, asset: toAsset },
      ])
    case 'rate':
      return [{ asset: command.from }, { asset: command.to }]
    case 'merge':
      return [{ account: command.account }, { account: command.into }]
    case 'charge':
    case 'freeze':
      return [command, { account: command.payee }]
    case 'settle':
    case 'settle-part':
      return command.payee === null ? [] : [{ account: command.payee }]
    case 'amend':
    case 'refund':
    case 'release':
      return []
    case 'open':
    case 'deposit':
    case 'declare':
    case 'house':
    case 'block':
    case 'unblock':
      return [command]
  }
}

/** A step is about its hold, a charge about who paid, any other entry about all of its lines. */
function earlierAbout({ command, answer, hold }: NonNullable<Question['earlier']>): readonly About[] {
  if (hold !== null) return [hold]
  if (command.kind === 'charge' || command.kind === 'freeze' || command.kind === 'open') return [command]
  const { postings } = answer as { readonly postings: readonly About[] }
  return postings.length > 0 ? postings : namedIn(command).slice(0, 1)
}
