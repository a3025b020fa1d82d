/**
 * Decides a command within the limits of the key that it was given with.
 *
 * What the command names is checked before anything is read for it, so that a refusal tells nothing about other accounts. A hold that
 * the key may not touch does not exist for it. What only the effect shows, such as the payee of a hold, is checked last.
 *
 * House accounts are not confined. Neither is what a closed account passes on to its successor: the key does not choose it.
 */
import type { BalanceRecord } from './balance.ts'
import type { Command, Leg } from './command.ts'
import { mayTouchAccount, mayTouchAsset, type Confinement } from './confinement.ts'
import { reject, type Decision, type Effect, type Refusal, type State } from './decision.ts'
import { holdIn } from './hold-step.ts'
import { isHouse, type AccountName, type AssetCode, type RequestId } from './ids.ts'
import type { PostingRecord } from './journal.ts'
import { accountsIn } from './named-accounts.ts'
import type { ConfinementLimit } from './outcome.ts'
import type { RequestRecord } from './snapshot.ts'

/** @param hold the hold that must exist before the command. @param decideOn the decision without limits */
export function decideWithin(
  within: Confinement,
  { command, hold }: { readonly command: Command; readonly hold: RequestId | null },
  state: State,
  decideOn: (state: State) => Decision,
): Decision {
  const limit = limitOfNames(within, command)
  if (limit !== null) return forbid(limit)
  const named = hold === null ? null : holdIn(state, hold)
  if (named !== null && limitOn(within, [named]) !== null) return decideOn(withoutRequests(state))
  const earlier = 'requestId' in command ? state.request(command.requestId) : null
  const limitOfEarlier = earlier === null ? null : limitOfRecord(within, earlier)
  if (limitOfEarlier !== null) return forbid(limitOfEarlier)
  const decision = decideOn(state)
  if (decision.verdict !== 'apply') return decision
  const limitReached = limitOfEffect(within, decision.effect, state)
  return limitReached === null ? decision : forbid(limitReached)
}

function forbid(limit: ConfinementLimit): Refusal {
  return reject({ code: 'forbidden', limit })
}

/** What a balance, a hold or a posting is about. */
interface About {
  readonly account: AccountName
  readonly asset: AssetCode
}

/** Accounts count before assets. */
function limitOn(within: Confinement, abouts: readonly About[]): ConfinementLimit | null {
  const accounts = abouts.map(({ account }) => account)
  return (
    limitOnAccounts(within, accounts) ??
    limitOnAssets(
      within,
      abouts.map(({ asset }) => asset),
    )
  )
}

function limitOnAccounts(within: Confinement, accounts: readonly AccountName[]): ConfinementLimit | null {
  return accounts.every((account) => isHouse(account) || mayTouchAccount(within, account)) ? null : 'accounts'
}

function limitOnAssets(within: Confinement, assets: readonly AssetCode[]): ConfinementLimit | null {
  return assets.every((asset) => mayTouchAsset(within, asset)) ? null : 'assets'
}

/** The fields of commands that name assets, besides those of a rate. */
interface Assets {
  readonly asset?: AssetCode | null
  readonly legs?: readonly Leg[]
}

function limitOfNames(within: Confinement, command: Command): ConfinementLimit | null {
  // An amend has none of these fields.
  const { asset, legs = [] } = command as Assets
  const pair = command.kind === 'rate' ? [command.from, command.to] : []
  const assets = [asset, ...pair, ...legs.flatMap((leg) => [leg.asset, leg.toAsset])]
  return limitOnAccounts(within, accountsIn(command)) ?? limitOnAssets(within, assets.filter(isNamed))
}

function isNamed(name: string | null | undefined): name is string {
  return name !== null && name !== undefined
}

/** Of the request that used the id first. A step is about its hold; its payee may be anybody. */
function limitOfRecord(within: Confinement, record: RequestRecord): ConfinementLimit | null {
  if (record.kind === 'freeze') return limitOn(within, [record])
  const { account, step, postings } = record
  if (step !== null) return limitOn(within, [step.after])
  if (account !== null) return limitOnAccounts(within, [account])
  return limitOn(
    within,
    postings.map(({ posting }) => posting),
  )
}

function limitOfEffect(within: Confinement, effect: Effect, state: State): ConfinementLimit | null {
  const { balances = [], postings = [], forward, account, standing } = effect
  const others = [account, standing].flatMap((change) => (change === undefined ? [] : [change.account]))
  const byId = new Map(balances.map((balance) => [balance.id, balance]))
  const own = forward === undefined ? postings : postings.filter(({ entryId }) => entryId !== forward.id)
  const touched = own.map(({ balanceId }) => byId.get(balanceId)!)
  const limit = limitOnAccounts(within, others) ?? limitOn(within, touched)
  const { amountMax } = within
  if (limit !== null || amountMax === null) return limit
  const lost = new Map<AssetCode, bigint>()
  for (const [index, posting] of own.entries()) {
    const { asset } = touched[index]!
    lost.set(asset, (lost.get(asset) ?? 0n) + lossOf(posting))
  }
  // A closed account has no floor.
  const credits = standing === undefined ? balances.map((after) => creditIn(after, state)) : []
  return [...lost.values(), ...credits].some((sum) => sum > amountMax) ? 'amount' : null
}

/** What a balance loses, or sets aside. The coins of an asset that balances lose are those that others gain. */
function lossOf({ availableDelta, heldDelta }: PostingRecord): bigint {
  const delta = heldDelta > 0n ? availableDelta : availableDelta + heldDelta
  return delta < 0n ? -delta : 0n
}

/** By how much the floor is lowered: a credit limit is worth as much as coins. */
function creditIn({ account, asset, floor }: BalanceRecord, state: State): bigint {
  const before = state.balance(account, asset).floor
  return before === null || floor === null ? 0n : before - floor
}

/** The state as it would be if no request had been made. A command about a hold then finds no hold. */
function withoutRequests(state: State): State {
  return {
    request: () => null,
    balance: (account, asset) => state.balance(account, asset),
    standing: (account) => state.standing(account),
    asset: (code) => state.asset(code),
    house: (account) => state.house(account),
    rate: (from, to) => state.rate(from, to),
  }
}
