/** The words of messages that depend on where they are read: on the wire and in the library, or at the command line. */
import { DEFAULT_ASSET, type AccountName, type AssetCode } from '../domain/ids.ts'

/** The words of a message that depend on where it is read. */
export interface Speech {
  /** @param asset null: that of the hold which the rejection names */
  amount(amount: bigint, asset: AssetCode | null): string
  duration(ms: number): string
  /** What lists the open holds of an account; null if the message need not say it. */
  openHolds(account: AccountName, asset: AssetCode): string | null
  /** The fields of a command by the names that its sender knows. */
  fields(names: readonly string[]): readonly string[]
}

/** The words of the wire and of the library. */
export const OF_THE_WIRE: Speech = {
  amount: String,
  duration: (ms) => `${ms} ms`,
  openHolds: (account, asset) => `GET ${openHoldsPath(account, asset)}`,
  fields: (names) => names,
}

/** `a`, `a and b`, `a, b and c`. */
export function namesText(names: readonly string[], word: 'and' | 'or'): string {
  if (names.length === 1) return names[0]!
  return `${names.slice(0, -1).join(', ')} ${word} ${names.at(-1)!}`
}

/** The characters of most names are readable in a query. */
const ENCODED_IN_QUERY = /[^\w:./@~-]/g

function openHoldsPath(account: AccountName, asset: AssetCode): string {
  const name = account.replace(ENCODED_IN_QUERY, (character) => encodeURIComponent(character))
  return `/v1/holds?account=${name}${asset === DEFAULT_ASSET ? '' : `&asset=${asset}`}&state=open`
}
