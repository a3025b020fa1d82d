/**
 * The counterparties of lines, from the rows of their requests: those of a whole page are read with two more look-ups by key for each
 * line, in the statement that reads its memo, and one statement for the names of the balances.
 */
import { sql, type Compilable } from 'kysely'
import {
  COUNTERPARTIES_MAX,
  COUNTERPARTY_POSTINGS_MAX,
  isOpposite,
  legCounterparties,
  oppositeCounterparties,
} from '../../domain/counterparties.ts'
import { changeOf, NO_COUNTERPARTIES, type Counterparties, type EntryLeg, type Posting } from '../../domain/journal.ts'
import type { QueryBuilder } from './dialect.ts'
import { legsOf, type SignedPlace } from './entry-row.ts'
import type { Line } from './run-row.ts'
import { whole, wholeOrNull, type Row } from './values.ts'

/** A place has at most three safe integers and a sign. */
const PLACE_LENGTH_MAX = 56
/** Two more than are looked at, because the last one may be cut. */
const PLACES_LENGTH_MAX = (COUNTERPARTY_POSTINGS_MAX + 2) * PLACE_LENGTH_MAX

/** A leg has two names of up to 128 characters, all of which JSON may escape, two codes and the terms of its rate. */
const LEG_LENGTH_MAX = 800
const LEGS_LENGTH_MAX = COUNTERPARTIES_MAX * LEG_LENGTH_MAX

const BALANCES_PER_STATEMENT = 500

/** Of `requests`, and of `ended`, the change that ended a hold if that was no step. Long texts are not read. */
export const COUNTERPARTY_COLUMNS = [
  sql<number | null>`requests.balance_id`.as('holder_balance_id'),
  sql<number | null>`ended.payee_balance_id`.as('payee_balance_id'),
  sql<string | null>`SUBSTR(requests.postings, 1, ${sql.lit(PLACES_LENGTH_MAX)})`.as('places'),
  sql<string | null>`CASE WHEN LENGTH(requests.legs) <= ${sql.lit(LEGS_LENGTH_MAX)} THEN requests.legs END`.as('legs'),
]

/** What the row of a request says about its balances. */
export interface Links {
  /** Of a freeze and an end that is no step: the two balances; null for other requests. */
  readonly hold: { readonly holderId: number; readonly payeeId: number | null } | null
  /** The first postings of any other request. */
  readonly places: readonly SignedPlace[]
  /** The number of its postings, or one that is larger than what is looked at. */
  readonly placesCount: number
  readonly legs: readonly EntryLeg[] | null
}

/** @param row with the columns above */
export function linksOf(row: Row): Links {
  if (row['kind'] === 'freeze') {
    const hold = { holderId: whole(row['holder_balance_id']), payeeId: wholeOrNull(row['payee_balance_id']) }
    return { hold, places: [], placesCount: 0, legs: null }
  }
  const { places, count } = placesIn(row['places'] as string)
  const legs = legsOf(row['legs'])
  return {
    hold: null,
    places,
    placesCount: count,
    legs: legs !== null && legs.length <= COUNTERPARTIES_MAX ? legs : null,
  }
}

/** @param text of all places, or the beginning of a longer one */
function placesIn(text: string): { readonly places: readonly SignedPlace[]; readonly count: number } {
  const isWhole = text.length < PLACES_LENGTH_MAX
  const json = isWhole ? text : `${text.slice(0, text.lastIndexOf('],') + 1)}]`
  const places = JSON.parse(json) as SignedPlace[]
  return { places: places.slice(0, COUNTERPARTY_POSTINGS_MAX), count: isWhole ? places.length : places.length + 1 }
}

/** The balances whose names the counterparties of a line need. */
export function balancesOpposite(line: Line, balanceId: number, { hold, places, legs }: Links): readonly number[] {
  const change = changeOf(line)
  if (change === 0n || legs !== null) return []
  if (hold !== null) {
    const other = hold.holderId === balanceId ? hold.payeeId : hold.holderId
    return other === null ? [] : [other]
  }
  if (places.length <= 2) return places.map(([id]) => id).filter((id) => id !== balanceId)
  return places.filter(([, , , sign = 0]) => isOpposite(change, BigInt(sign))).map(([id]) => id)
}

/** @param names have those of `balancesOpposite` */
export function counterpartiesOfLine(
  line: Line,
  own: Pick<Posting, 'account' | 'asset'> & { readonly id: number },
  links: Links,
  names: BalanceNamesById,
): Counterparties {
  const side = { account: own.account, asset: own.asset, change: changeOf(line) }
  if (side.change === 0n) return NO_COUNTERPARTIES
  if (links.legs !== null) return legCounterparties(side, links.legs)
  const opposite = balancesOpposite(line, own.id, links).map((id) => names.of(id))
  return oppositeCounterparties(side, opposite, links.placesCount)
}

/** Names of balances, each read once for a page. */
export class BalanceNamesById {
  readonly #builder: QueryBuilder
  readonly #rows: (statement: Compilable) => Promise<readonly Row[]>
  readonly #found = new Map<number, Pick<Posting, 'account' | 'asset'>>()

  constructor(builder: QueryBuilder, rows: (statement: Compilable) => Promise<readonly Row[]>) {
    this.#builder = builder
    this.#rows = rows
  }

  async load(ids: readonly number[]): Promise<void> {
    const missing = [...new Set(ids)].filter((id) => !this.#found.has(id))
    for (let start = 0; start < missing.length; start += BALANCES_PER_STATEMENT) {
      const rows = await this.#rows(
        this.#builder
          .selectFrom('balances')
          .select(['id', 'account', 'asset'])
          .where('id', 'in', missing.slice(start, start + BALANCES_PER_STATEMENT)),
      )
      for (const row of rows) {
        this.#found.set(whole(row['id']), { account: row['account'] as string, asset: row['asset'] as string })
      }
    }
  }

  of(id: number): Pick<Posting, 'account' | 'asset'> {
    const found = this.#found.get(id)
    if (found === undefined) throw new Error(`The balance ${id} is gone.`)
    return found
  }
}
