/** Lists of the balances of all accounts. */
import type { Balance } from '../../domain/balance.ts'
import type { BalanceQuery, Page } from '../../engine/reader.ts'
import { amountOrder, compareByAmount, isWithinBounds, keyByAmount, placeAfter, placeOf } from '../balance-order.ts'
import type { CursorKeys } from '../cursor.ts'
import { addUpStripes } from '../stripes.ts'
import { compareKeys, pageOf } from './pages.ts'
import type { Tables } from './tables.ts'

export function listBalances(tables: Tables, query: BalanceQuery): Page<Balance> {
  const { prefix, asset } = query
  const wanted = addUpStripes([...tables.balances.values()])
    .filter((balance) => balance.account.startsWith(prefix) && (asset === null || balance.asset === asset))
    .filter((balance) => isWithinBounds(balance, query))
  const order = amountOrder(query.order)
  if (order === null) {
    const key = ({ account, asset: of }: Balance): CursorKeys['balancesByName'] => [account, of]
    return pageOf(wanted, query, 'balancesByName', { key, isAfter: (each, last) => compareKeys(key(each), last) > 0 })
  }
  const after = placeAfter(query)
  const sorted = wanted.sort((left, right) => compareByAmount(placeOf(left, order), placeOf(right, order), order))
  return pageOf(sorted, query, 'balancesByAmount', {
    key: (balance) => keyByAmount(balance, query.order),
    isAfter: (balance) => after === null || compareByAmount(after, placeOf(balance, order), order) < 0,
  })
}
