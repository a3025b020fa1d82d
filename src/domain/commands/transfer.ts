/** Coins move between accounts, within an asset or across assets: all legs or none. */
import type { BalanceRecord } from '../balance.ts'
import type { Leg } from '../command.ts'
import { alternating, COUNTERPARTY_POSTINGS_MAX } from '../counterparties.ts'
import { answerAgain, isUndeclared, reject, type Refusal, type State } from '../decision.ts'
import { enter } from '../entering.ts'
import { isExchange, moveLegs, price } from '../exchange.ts'
import { attachedContents, fingerprintOf } from '../fingerprint.ts'
import type { FootprintKeys } from '../footprint.ts'
import { EXCHANGE, isHouse, type AccountName } from '../ids.ts'
import { showEntry } from '../journal.ts'
import type { Move } from '../post.ts'
import { requireBalance } from '../precondition.ts'
import { NO_HOLD, type Rule } from '../rule.ts'

export const transfer: Rule<'transfer'> = {
  ...NO_HOLD,
  restsOnOneRow: false,

  request: ({ requestId }) => requestId,

  contents(command) {
    return `transfer ${command.legs.map(legContents).join('\n')}\n${attachedContents(command)}`
  },

  /** What moved on each balance is stored, and not which leg moved it. */
  kept: (earlier) => (earlier.kind === 'transfer' ? { memo: earlier.memo, metadata: earlier.metadata } : null),

  addKeys({ requestId, legs }, keys) {
    keys.addRequest(requestId)
    for (const leg of legs) addLeg(leg, keys)
  },

  payers: ({ legs }) => [...new Set(legs.map(({ from }) => from))].filter((account) => !isHouse(account)),

  decide(command, state, moment) {
    const { requestId, legs } = command
    const fingerprint = fingerprintOf(transfer.contents(command))
    const earlier = state.request(requestId)
    if (earlier !== null) return answerAgain(requestId, earlier, fingerprint, showEntry)
    for (const { asset, toAsset = asset } of legs) {
      if (state.asset(asset) === null) return reject({ code: 'unknown_asset', asset })
      if (state.asset(toAsset) === null) return reject({ code: 'unknown_asset', asset: toAsset })
    }
    for (const { from, to } of legs) {
      for (const account of [from, to]) {
        if (isUndeclared(account, state)) return reject({ code: 'unknown_account', account })
      }
    }
    for (const leg of legs) {
      const account = selfPayer(leg)
      if (account !== null) return reject({ code: 'same_account', account })
    }
    const net = new Map<number, Move>()
    const add = (balance: BalanceRecord, amount: bigint): void => {
      const earlierMove = net.get(balance.id)
      net.set(balance.id, { balance, available: (earlierMove?.available ?? 0n) + amount, held: 0n })
    }
    if (!legs.some(isExchange)) {
      const changed = requirePayers(legs, state)
      if (changed !== null) return changed
      for (const leg of legs) {
        add(state.balance(leg.from, leg.asset), -leg.amount)
        add(state.balance(leg.to, leg.asset), leg.amount)
      }
      return enter(command, fingerprint, moment, movesOf(net))
    }
    const priced = price(legs, (from, to) => state.rate(from, to))
    if ('code' in priced) return reject(priced)
    const changed = requirePayers(legs, state)
    if (changed !== null) return changed
    moveLegs(priced.legs, (account, asset) => state.balance(account, asset), add)
    return enter(command, fingerprint, moment, movesOf(net), priced)
  },
}

/** In the order of the legs; if there are many, in an order in which a statement finds the counterparties of each near the beginning. */
function movesOf(net: ReadonlyMap<number, Move>): readonly Move[] {
  const moves = [...net.values()]
  return moves.length <= COUNTERPARTY_POSTINGS_MAX ? moves : alternating(moves, ({ available }) => available)
}

/** Every leg is compared with the balances before the transfer. */
function requirePayers(legs: readonly Leg[], state: State): Refusal | null {
  for (const { from, asset, ifVersion } of legs) {
    if (ifVersion === undefined) continue
    const changed = requireBalance(ifVersion, state.balance(from, asset))
    if (changed !== null) return changed
  }
  return null
}

function legContents({ from, to, asset, amount, toAsset, toAmount }: Leg): string {
  const leg = `${from}\n${to}\n${asset} ${amount}`
  return toAsset === undefined ? leg : `${leg} ${toAsset} ${toAmount ?? ''}`
}

function addLeg({ from, to, asset, toAsset = asset }: Leg, keys: FootprintKeys): void {
  keys.addBalance(from, asset)
  keys.addBalance(to, toAsset)
  if (toAsset === asset) return
  keys.addBalance(EXCHANGE, asset)
  keys.addBalance(EXCHANGE, toAsset)
  keys.addRate(asset, toAsset)
}

/** The account that would pay itself, or null. An account may exchange its own coins, except `@exchange`, its own counterparty. */
function selfPayer(leg: Leg): AccountName | null {
  if (!isExchange(leg)) return leg.from === leg.to ? leg.from : null
  return leg.from === EXCHANGE || leg.to === EXCHANGE ? EXCHANGE : null
}
