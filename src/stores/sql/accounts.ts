/** Accounts with their balances, page by page in the order of their unique key. */
import type { Compilable } from 'kysely'
import type { Balance, BalanceRecord } from '../../domain/balance.ts'
import { needsDeclaration } from '../../domain/house-account.ts'
import { ACTIVE } from '../../domain/standing.ts'
import { isHouse, type AccountName, type AssetCode, type Instant } from '../../domain/ids.ts'
import type { Account, PageQuery } from '../../engine/reader.ts'
import { encodeCursor } from '../cursor.ts'
import { addUpStripes } from '../stripes.ts'
import type { QueryBuilder } from './dialect.ts'
import type { SqlJournal } from './journal.ts'
import { HOUSE_STRIPES, HOUSE_STRIPE_TURNS } from '../../domain/house-stripes.ts'
import { lastKey, oneMoreThan } from './pages.ts'
import { balanceOf } from './balance-row.ts'
import { standingOfNumber } from './standing-row.ts'
import { metadataOf, type Row } from './values.ts'

/** Rows of a house account that are read first: the number of stripes of an asset that engines begin with. */
const HOUSE_ROWS = HOUSE_STRIPES
/** The largest number of stripes of one asset. */
const HOUSE_ROWS_MAX = HOUSE_STRIPES * HOUSE_STRIPE_TURNS

export class SqlAccounts {
  readonly #builder: QueryBuilder
  readonly #rows: (statement: Compilable) => Promise<readonly Row[]>
  readonly #journal: SqlJournal

  constructor(builder: QueryBuilder, rows: (statement: Compilable) => Promise<readonly Row[]>, journal: SqlJournal) {
    this.#builder = builder
    this.#rows = rows
    this.#journal = journal
  }

  /** @param at the instant of the balances; null: now */
  async read(account: AccountName, at: Instant | null, page: PageQuery): Promise<Account | null> {
    const after = lastKey('balances', page)?.[0] ?? ''
    let rowsMax = isHouse(account) ? HOUSE_ROWS : page.limit
    let rows = await this.#balances(account, after, rowsMax)
    if (rows.length > rowsMax && rows.every((row) => row['asset'] === rows[0]!['asset'])) {
      rowsMax = HOUSE_ROWS_MAX
      rows = await this.#balances(account, after, rowsMax)
    }
    const [first] = rows
    if (first === undefined) {
      if (after !== '') return null
      const bare = await this.#withoutBalances(account)
      // Its first balance was opened between the two statements. No balance ever goes, so this is not repeated.
      return bare === 'opened' ? await this.read(account, at, page) : bare
    }
    const { now, next } = wholeAssets(rows.map(balanceOf), rowsMax, page.limit)
    const balances = at === null ? now : await this.#journal.balancesAt(now, at)
    const { standing, successor } = balanceOf(first)
    const metadata = metadataOf(first['metadata'])
    return { account, metadata, standing, successor, balances: addUpStripes(balances), next }
  }

  /** An account may have been opened or blocked before its first balance, or been declared as a house account. */
  async #withoutBalances(account: AccountName): Promise<Account | 'opened' | null> {
    const bare = { account, ...ACTIVE, metadata: null, balances: [], next: null }
    if (needsDeclaration(account)) {
      const declared = this.#builder.selectFrom('house_accounts').select('account').where('account', '=', account)
      return (await this.#rows(declared)).length > 0 ? bare : null
    }
    // One statement, so that it is of one moment.
    const select = this.#builder.selectNoFrom(({ selectFrom }) => [
      selectFrom('accounts').select('metadata').where('account', '=', account).as('metadata'),
      selectFrom('standings').select('standing').where('account', '=', account).as('standing'),
      selectFrom('standings').select('successor').where('account', '=', account).as('successor'),
      selectFrom('standings').select('assets').where('account', '=', account).as('assets'),
    ])
    const { metadata = null, standing = null, successor = null, assets = null } = (await this.#rows(select))[0] ?? {}
    if (metadata === null && standing === null) return null
    if ((assets ?? '') !== '') return 'opened'
    const stands =
      standing === null ? ACTIVE : { standing: standingOfNumber(standing), successor: successor as string | null }
    return { ...bare, ...stands, metadata: metadataOf(metadata) }
  }

  async readOne(account: AccountName, asset: AssetCode): Promise<Balance | null> {
    const stripes = this.#builder.selectFrom('balances').selectAll()
    const rows = await this.#rows(stripes.where('account', '=', account).where('asset', '=', asset))
    return addUpStripes(rows.map(balanceOf))[0] ?? null
  }

  async #balances(account: AccountName, after: AssetCode, rowsMax: number): Promise<readonly Row[]> {
    return await this.#rows(
      this.#builder
        .selectFrom('balances')
        .leftJoin('accounts', 'accounts.account', 'balances.account')
        .selectAll('balances')
        // In one row only, because it may be long.
        .select(({ selectFrom, case: when, ref }) => {
          const first = selectFrom('balances as first')
            .select('first.id')
            .where('first.account', '=', account)
            .where('first.asset', '>', after)
          const firstId = first.orderBy('first.asset').orderBy('first.stripe').limit(oneMoreThan(0))
          return when().when('balances.id', '=', firstId).then(ref('accounts.metadata')).end().as('metadata')
        })
        .where('balances.account', '=', account)
        .where('balances.asset', '>', after)
        .orderBy('balances.asset')
        .orderBy('balances.stripe')
        .limit(oneMoreThan(rowsMax)),
    )
  }
}

/** The balances of the first assets, at most `limit`, each with all of its stripes: the limit of rows may have cut the last asset. */
function wholeAssets(
  rows: readonly BalanceRecord[],
  rowsMax: number,
  limit: number,
): { readonly now: readonly BalanceRecord[]; readonly next: string | null } {
  const assets = [...new Set(rows.map(({ asset }) => asset))]
  const whole = rows.length > rowsMax ? assets.slice(0, -1) : assets
  const shown = whole.slice(0, limit)
  const last = shown.at(-1)
  const next = shown.length === assets.length || last === undefined ? null : encodeCursor('balances', [last])
  const shownAssets = new Set(shown)
  return { now: rows.filter(({ asset }) => shownAssets.has(asset)), next }
}
