/** The commands that give an account its opening position. */
import type { CommandInput } from '../api/ledger.ts'
import { ISSUER } from '../domain/ids.ts'
import type { Metadata } from '../domain/metadata.ts'
import type { Opening, OpeningHold } from './examination.ts'
import { floorId, MARK, openingId, type Mapping } from './mapping.ts'

const MEMO = 'Opening balance'

/** In an order in which every command finds its coins. */
export function openingCommands(opening: Opening, mapping: Mapping): readonly CommandInput[] {
  const { account, asset, total, floor } = opening
  const movement = { requestId: openingId(mapping, opening), account, asset, memo: MEMO }
  const commands: CommandInput[] = []
  // Without coins and without a debt of its own, the floor is the opening.
  if (floor < 0n)
    commands.push({ ...floorCommand(opening, mapping), ...(total === 0n ? { requestId: movement.requestId } : {}) })
  if (total > 0n) commands.push({ kind: 'deposit', ...movement, amount: total })
  // A debt goes to @issuer, the source of the other opening balances, because it is no revenue.
  if (total < 0n) commands.push({ kind: 'charge', ...movement, amount: -total, payee: ISSUER })
  return [...commands, ...freezeCommands(opening, opening.holds, mapping)]
}

/** Lets the account go as far below 0 as the user is in debt. */
export function floorCommand(opening: Opening, mapping: Mapping): CommandInput & { readonly kind: 'open' } {
  const { account, asset, floor } = opening
  return { kind: 'open', requestId: floorId(mapping, opening, floor), account, asset, floor }
}

export function freezeCommands(
  { account, asset }: Opening,
  holds: readonly OpeningHold[],
  mapping: Mapping,
): readonly CommandInput[] {
  const { holdExpiresInMs: expiresInMs } = mapping
  return holds.map(({ requestId, amount, metadata }) => {
    return {
      kind: 'freeze',
      requestId,
      account,
      asset,
      amount,
      expiresInMs,
      metadata: markedMetadata(mapping, metadata),
    }
  })
}

function markedMetadata({ prefix }: Mapping, metadata: OpeningHold['metadata']): Metadata {
  return { [MARK]: prefix, ...metadata }
}
