/** Blocks an account, and makes it active again. What was blocked already stays blocked. */
import type { BlockCommand, UnblockCommand } from '../command.ts'
import { answerAgain, reject, type Decision, type Moment, type State } from '../decision.ts'
import { enterStanding } from '../entering.ts'
import { attachedContents, fingerprintOf } from '../fingerprint.ts'
import type { FootprintKeys } from '../footprint.ts'
import { isHouse } from '../ids.ts'
import { showEntry, type Entry, type EntryRecord } from '../journal.ts'
import { NO_HOLD, type Rule } from '../rule.ts'
import { ACTIVE, type Standings } from '../standing.ts'

type StandingCommand = BlockCommand | UnblockCommand

export const block: Rule<'block'> = {
  ...standingRule('block'),
  decide: (command, state, moment) => decide(command, { standing: 'blocked', successor: null }, state, moment),
}

export const unblock: Rule<'unblock'> = {
  ...standingRule('unblock'),
  decide: (command, state, moment) => decide(command, ACTIVE, state, moment),
}

function standingRule(kind: StandingCommand['kind']) {
  return {
    ...NO_HOLD,
    restsOnOneRow: false,
    request: ({ requestId }: StandingCommand) => requestId,
    contents,
    kept: (earlier: { readonly kind: string } & Partial<Pick<EntryRecord, 'memo' | 'metadata'>>) =>
      earlier.kind === kind ? { memo: earlier.memo, metadata: earlier.metadata } : null,
    addKeys({ requestId, account }: StandingCommand, keys: FootprintKeys) {
      keys.addRequest(requestId)
      if (!isHouse(account)) keys.addWhole(account, null)
    },
  }
}

function contents(command: StandingCommand): string {
  return `${command.kind} ${command.account}\n${attachedContents(command)}`
}

function decide(command: StandingCommand, standings: Standings, state: State, moment: Moment): Decision<Entry> {
  const { requestId, account } = command
  const fingerprint = fingerprintOf(contents(command))
  const earlier = state.request(requestId)
  if (earlier !== null) return answerAgain(requestId, earlier, fingerprint, showEntry)
  if (isHouse(account)) return reject({ code: 'house_account', account })
  const { assets, standing, successor } = state.standing(account)
  if (standing === 'closed') return reject({ code: 'account_closed', account, successor: successor! })
  // A posting without coins: it changes the version, so that no engine decides on a cached balance.
  const moves = assets.map((asset) => ({ balance: state.balance(account, asset), available: 0n, held: 0n }))
  return enterStanding(command, { account, ...standings }, fingerprint, moment, moves)
}
