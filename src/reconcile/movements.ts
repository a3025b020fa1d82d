/** The entries that a list can be compared with, by what the rows of the list are. */
import type { Compared } from '../api/reconciliation.ts'
import { ISSUER, REVENUE, type AccountName } from '../domain/ids.ts'
import type { MovementKind } from './entry-judgement.ts'

export const MOVEMENT_KINDS: Readonly<Record<Exclude<Compared, 'holds'>, MovementKind>> = {
  deposits: 'deposit',
  charges: 'charge',
  transfers: 'transfer',
}

/** The statements that have all entries of a kind. Transfers have no such account, and charges only with the default payee. */
export const EXTRAS_OF: Readonly<Record<MovementKind, readonly AccountName[]>> = {
  deposit: [ISSUER],
  charge: [REVENUE],
  transfer: [],
}
