/** Compares one request in the external system with its entry: a deposit, a charge or a transfer. */
import { AMOUNT_MAX } from '../domain/amount.ts'
import type { AccountName, AssetCode } from '../domain/ids.ts'
import type { Entry } from '../domain/journal.ts'
import type { Finding, Fix } from './finding.ts'
import type { ListRow } from './list.ts'

/** The entries that no hold is part of. */
export type MovementKind = 'deposit' | 'charge' | 'transfer'

export interface EntryRules {
  readonly kind: MovementKind
  /** The asset of a row if the list has no column for it. */
  readonly asset: AssetCode
  /** Whether what is done in the external system and missing in the ledger is booked. */
  readonly bookMissing: boolean
}

/** The coins that an entry moved into or out of one balance. */
export interface Flow {
  readonly account: AccountName
  readonly asset: AssetCode
  readonly amount: bigint
}

/** Returns null if both sides agree. */
export function judgeEntry(row: ListRow, entry: Entry | null, rules: EntryRules): Finding | null {
  const { requestId, line, state, amount } = row
  if (entry === null) {
    // What failed or is not done yet need not be booked.
    if (state !== 'done') return null
    const message = `done at ${amount} in the external system, no entry in the ledger`
    return {
      code: 'missing',
      requestId,
      line,
      asset: row.asset,
      theirs: amount,
      ours: null,
      message,
      fix: fixOf(row, rules),
    }
  }
  const flows = flowsOf(entry).filter((flow) => isCompared(flow, entry, row))
  const [first] = flows
  const ours = first === undefined ? null : flows.reduce((sum, flow) => sum + magnitude(flow.amount), 0n)
  const found = { requestId, line, asset: first?.asset ?? null, theirs: amount, ours }
  const different = (there: string): Finding => {
    const message = `${there} in the external system, ${entryText(entry)} in the ledger`
    return { code: 'different', ...found, message, fix: null }
  }
  if (entry.kind !== rules.kind) return different(`a ${rules.kind}`)
  if (state !== 'done') return different(state)
  const isSameAsset = flows.every(({ asset }) => asset === first?.asset)
  const isReceived = row.counterparty === null || isCounterparty(row.counterparty, entry)
  return isSameAsset && isReceived && ours === amount ? null : different(rowText(row))
}

/** The finding for an entry that is not in the list. */
export function extraEntry(entry: Entry): Finding {
  const flows = flowsOf(entry).filter((flow) => isMain(flow, entry))
  const ours = flows.reduce((sum, { amount }) => sum + magnitude(amount), 0n)
  return {
    code: 'extra',
    requestId: entry.id,
    line: null,
    asset: flows[0]?.asset ?? null,
    theirs: null,
    ours,
    message: `unknown in the external system, ${entryText(entry)} in the ledger`,
    fix: null,
  }
}

/** An entry under the request id of the list: the application's own repeat of it has no second effect. */
function fixOf(row: ListRow, { kind, asset: fallback, bookMissing }: EntryRules): Fix | null {
  const { requestId, account, counterparty, amount } = row
  if (!bookMissing || account === null || amount === null || amount < 1n || amount > AMOUNT_MAX) return null
  const movement = { requestId, asset: row.asset ?? fallback, amount }
  if (kind === 'deposit') return { kind, account, ...movement }
  if (kind === 'charge')
    return { kind, account, ...(counterparty === null ? {} : { payee: counterparty }), ...movement }
  if (counterparty === null) return null
  return { kind, requestId, legs: [{ from: account, to: counterparty, asset: movement.asset, amount }] }
}

/** By balance, without those that did not change. A house account can have several postings, one per stripe. */
export function flowsOf({ postings }: Entry): readonly Flow[] {
  const flows = new Map<string, Flow>()
  for (const { account, asset, availableDelta, heldDelta } of postings) {
    const key = `${asset} ${account}`
    const amount = (flows.get(key)?.amount ?? 0n) + availableDelta + heldDelta
    flows.set(key, { account, asset, amount })
  }
  return [...flows.values()].filter(({ amount }) => amount !== 0n)
}

/** A deposit counts where it arrives, everything else where it leaves. */
function isMain({ amount }: Flow, { kind }: Entry): boolean {
  return kind === 'deposit' ? amount > 0n : amount < 0n
}

function isCompared(flow: Flow, entry: Entry, { account, asset }: ListRow): boolean {
  return isMain(flow, entry) && (account ?? flow.account) === flow.account && (asset ?? flow.asset) === flow.asset
}

function isCounterparty(account: AccountName, entry: Entry): boolean {
  return flowsOf(entry).some((flow) => flow.account === account && !isMain(flow, entry))
}

function magnitude(amount: bigint): bigint {
  return amount < 0n ? -amount : amount
}

function rowText({ amount, account, counterparty, asset }: ListRow): string {
  const coins = asset === null ? String(amount) : `${amount} ${asset}`
  const parties = [account, counterparty].filter((name) => name !== null)
  return `done at ${coins}${parties.length === 0 ? '' : ` (${parties.join(', ')})`}`
}

const FLOWS_SHOWN_MAX = 4

export function entryText(entry: Entry): string {
  const flows = flowsOf(entry)
  const shown = flows.slice(0, FLOWS_SHOWN_MAX).map(({ account, asset, amount }) => {
    return `${account} ${amount > 0n ? '+' : ''}${amount} ${asset}`
  })
  const more = flows.length > FLOWS_SHOWN_MAX ? `, and ${flows.length - FLOWS_SHOWN_MAX} more` : ''
  return `${entry.kind} (${shown.join(', ')}${more})`
}
