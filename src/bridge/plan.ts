/** What a bridge joins: the mapping of the old tables, and what is particular to a bridge. */
import { LedgerError } from '../api/error.ts'
import { isAccountName, isHouse, type AccountName } from '../domain/ids.ts'
import { checkMapping, type Mapping } from '../import/mapping.ts'

/** What happens to an old write that the ledger cannot follow: it fails, or it takes effect and is recorded for a repair. */
export type OnFailure = 'refuse' | 'record'

export interface BridgePlan {
  readonly mapping: Mapping
  /** The column that counts the changes of a user, for compare-and-swap; null if there is none. */
  readonly versionColumn: string | null
  /** The house account that has what the old side brought in, and what old freezes set aside. */
  readonly house: AccountName
  readonly onFailure: OnFailure
}

/** After `@revenue` in the order of names, because the newest rows of the first house accounts are looked at to judge a clock. */
export const HOUSE_DEFAULT: AccountName = '@users-table'

const COLUMN = /^[A-Za-z_][A-Za-z0-9_$]{0,63}$/

/** @throws LedgerError `invalid_request` */
export function checkPlan(plan: BridgePlan): BridgePlan {
  const { mapping, versionColumn, house } = plan
  checkMapping(mapping)
  const refuse = (parameter: string, message: string): never => {
    throw LedgerError.invalidParameter(parameter, message)
  }
  if (versionColumn !== null && !COLUMN.test(versionColumn)) {
    refuse('version-column', `The version column "${versionColumn}" must consist of letters, digits, _ and $.`)
  }
  if (!isAccountName(house) || !isHouse(house)) {
    refuse('house-account', `"${house}" is not the name of a house account, which begins with @.`)
  }
  return plan
}

/** The plan as it is stored with the bridge, so that later commands need no options. */
export function planText(plan: BridgePlan): string {
  const { mapping, ...rest } = plan
  const { coins, ...others } = mapping
  const kinds = coins === null ? null : { ...coins, byKind: [...coins.byKind] }
  return JSON.stringify({ ...rest, mapping: { ...others, coins: kinds } })
}

/** @param text of `planText` */
export function planOf(text: string): BridgePlan {
  const plan = JSON.parse(text) as BridgePlan
  const { coins } = plan.mapping
  if (coins === null) return plan
  return { ...plan, mapping: { ...plan.mapping, coins: { ...coins, byKind: new Map(coins.byKind) } } }
}
