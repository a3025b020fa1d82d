/**
 * Corrects an imported account so that it matches the old system, while the old system still moves the coins. An account whose coins
 * were moved in the ledger by anything but an import is not corrected, because then the ledger may be right.
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

/** The metadata that identifies the holds of an import. */
export function holdMark({ prefix }: Mapping): { readonly importedBy: string } {
  return { importedBy: prefix }
}

/** Returns null after the correction, or the reason why the account was not corrected. */
export async function correct(ledger: Ledger, opening: Opening, mapping: Mapping): Promise<string | null> {
  const { account } = opening
  if (!(await isOnlyImported(ledger, account, mapping))) {
    return `${account}: its coins have moved in the ledger since the import, so the account is not corrected.`
  }
  const commands = await correctionsOf(ledger, opening, mapping)
  for (let from = 0; from < commands.length; from += BATCH_COMMANDS_MAX) {
    const group = commands.slice(from, from + BATCH_COMMANDS_MAX)
    const refusal = refusalIn(await ledger.batch(group, { atomic: true }))
    if (refusal !== null) return `${account}: ${refusal.code}: ${refusal.message}`
  }
  return null
}

/** Ended holds are released first, so that the charge and the new freezes find their coins. */
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
  // The coins return to @issuer, the source of the opening balance, because they are not revenue.
  if (change < 0n) commands.push({ kind: 'charge', ...movement, amount: -change, payee: ISSUER })
  for (const { requestId, amount } of holds) {
    commands.push({ kind: 'freeze', requestId, account, asset, amount, expiresInMs, metadata: holdMark(mapping) })
  }
  return commands
}

/** Kinds of entries that change no total. */
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
