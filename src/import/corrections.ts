/**
 * Brings an account that an import made to what the old system has by now, while the old system is still the one that moves
 * its coins. An account whose coins somebody else has moved in the ledger is left as it is: then the ledger may be the one that
 * is right.
 */
import { BATCH_COMMANDS_MAX } from '../api/contracts.ts'
import { type CommandInput, type Ledger } from '../api/ledger.ts'
import { ISSUER, type AccountName } from '../domain/ids.ts'
import { openHoldsOf, stateOf } from './comparison.ts'
import type { Opening } from './examination.ts'
import { correctionId, isImported, type Mapping } from './mapping.ts'
import { refusalIn } from './refusals.ts'

const MEMO = 'Changed in the old system'
const PAGE_ROWS = 1_000

/** By which the holds of an import are known. */
export function holdMark({ prefix }: Mapping): { readonly importedBy: string } {
  return { importedBy: prefix }
}

/** Why the account was left as it is, or null when it was corrected as far as commands can. */
export async function correct(ledger: Ledger, opening: Opening, mapping: Mapping): Promise<string | null> {
  const { account } = opening
  if (!(await isOnlyImported(ledger, account, mapping))) {
    return `${account}: its coins have moved in the ledger since, so it is not corrected.`
  }
  const commands = await correctionsOf(ledger, opening, mapping)
  for (let from = 0; from < commands.length; from += BATCH_COMMANDS_MAX) {
    const group = commands.slice(from, from + BATCH_COMMANDS_MAX)
    const refusal = refusalIn(await ledger.batch(group, { atomic: true }))
    if (refusal !== null) return `${account}: ${refusal.code}: ${refusal.message}`
  }
  return null
}

/** What ended gives its coins back first, so that whatever has left can leave, and what was frozen since finds its coins. */
async function correctionsOf(ledger: Ledger, opening: Opening, mapping: Mapping): Promise<readonly CommandInput[]> {
  const { account, total, holds } = opening
  const { asset, holdExpiresInMs: expiresInMs } = mapping
  const wanted = new Set(holds.map(({ requestId }) => requestId))
  const commands: CommandInput[] = []
  for await (const { id, metadata } of openHoldsOf(ledger, account, asset)) {
    const isOurs = metadata?.['importedBy'] === mapping.prefix
    if (isOurs && !wanted.has(id)) commands.push({ kind: 'release', hold: id })
  }
  const { available, held, version } = await stateOf(ledger, account, asset)
  const change = total - (available + held)
  const movement = { requestId: correctionId(mapping, account, version, total), account, asset, memo: MEMO }
  if (change > 0n) commands.push({ kind: 'deposit', ...movement, amount: change })
  // Back to where the opening balance came from: it is no revenue.
  if (change < 0n) commands.push({ kind: 'charge', ...movement, amount: -change, payee: ISSUER })
  for (const { requestId, amount } of holds) {
    commands.push({ kind: 'freeze', requestId, account, asset, amount, expiresInMs, metadata: holdMark(mapping) })
  }
  return commands
}

/** Setting coins aside and giving them back moves none. */
const HARMLESS = new Set(['open', 'freeze', 'release'])

async function isOnlyImported(ledger: Ledger, account: AccountName, mapping: Mapping): Promise<boolean> {
  for (let cursor: string | null = null; ;) {
    const from = cursor === null ? {} : { cursor }
    const page = await ledger.postings(account, { asset: mapping.asset, limit: PAGE_ROWS, ...from })
    const isOurs = page.items.every(({ kind, entryId }) => HARMLESS.has(kind) || isImported(mapping, account, entryId))
    if (!isOurs) return false
    if (page.next === null) return true
    cursor = page.next
  }
}
