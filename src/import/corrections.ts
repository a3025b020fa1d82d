/**
 * Corrects an imported account so that it matches the old system, while the old system still moves the coins. An account whose coins
 * were moved in the ledger by anything but an import is not corrected, because then the ledger may be right.
 */
import { BATCH_COMMANDS_MAX } from '../api/contracts.ts'
import { type CommandInput, type Ledger } from '../api/ledger.ts'
import { ISSUER } from '../domain/ids.ts'
import { compare, openHoldsOf } from './comparison.ts'
import type { Opening } from './examination.ts'
import { correctionId, isImported, MARK, type Mapping } from './mapping.ts'
import { floorCommand, freezeCommands } from './openings.ts'
import { refusalIn } from './refusals.ts'

const MEMO = 'Changed in the old system'
const PAGE_ROWS = 1_000

/** Returns null after the correction, or the reason why the account was not corrected. */
export async function correct(ledger: Ledger, opening: Opening, mapping: Mapping): Promise<string | null> {
  const obstacle = await obstacleTo(ledger, opening, mapping)
  if (obstacle !== null) return obstacle
  const commands = await correctionsOf(ledger, opening, mapping)
  for (let from = 0; from < commands.length; from += BATCH_COMMANDS_MAX) {
    const group = commands.slice(from, from + BATCH_COMMANDS_MAX)
    const refusal = refusalIn(await ledger.batch(group, { atomic: true }))
    if (refusal !== null) return `${opening.account}: ${refusal.code}: ${refusal.message}`
  }
  return null
}

/** Why the account is not corrected; null if it is. */
export async function obstacleTo(ledger: Ledger, opening: Opening, mapping: Mapping): Promise<string | null> {
  if (await isOnlyImported(ledger, opening, mapping)) return null
  return `${opening.account}: its coins have moved in the ledger since the import, so the account is not corrected.`
}

/** Ended holds are released first, so that the charge and the new freezes find their coins. */
async function correctionsOf(ledger: Ledger, opening: Opening, mapping: Mapping): Promise<readonly CommandInput[]> {
  const { account, asset, total, holds, floor } = opening
  const wanted = new Set(holds.map(({ requestId }) => requestId))
  const commands: CommandInput[] = []
  for await (const { id, metadata } of openHoldsOf(ledger, opening)) {
    const isOurs = metadata?.[MARK] === mapping.prefix
    if (isOurs && !wanted.has(id)) commands.push({ kind: 'release', hold: id })
  }
  const { state, missing } = await compare(ledger, opening)
  if (floor < state.floor) commands.push(floorCommand(opening, mapping))
  const { version } = state
  const change = total - (state.available + state.held)
  const movement = { requestId: correctionId(mapping, opening, { version, total }), account, asset, memo: MEMO }
  if (change > 0n) commands.push({ kind: 'deposit', ...movement, amount: change })
  // The coins return to @issuer, the source of the opening balance, because they are not revenue.
  if (change < 0n) commands.push({ kind: 'charge', ...movement, amount: -change, payee: ISSUER })
  return [...commands, ...freezeCommands(opening, missing, mapping)]
}

/** Kinds of entries that change no total. */
const HARMLESS = new Set(['open', 'freeze', 'release'])

async function isOnlyImported(ledger: Ledger, opening: Opening, mapping: Mapping): Promise<boolean> {
  const { account, asset } = opening
  for (let cursor: string | null = null; ;) {
    const from = cursor === null ? {} : { cursor }
    const page = await ledger.postings(account, { asset, limit: PAGE_ROWS, ...from })
    const isOurs = page.items.every(({ kind, entryId }) => HARMLESS.has(kind) || isImported(mapping, opening, entryId))
    if (!isOurs) return false
    if (page.next === null) return true
    cursor = page.next
  }
}
