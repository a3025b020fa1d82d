/** The balances of all accounts: by name, or by an amount. */
import { keepPreviousData, useInfiniteQuery } from '@tanstack/react-query'
import type { BalanceWire } from '../../../src/api/balance.ts'
import { amountIn } from '../figures.ts'
import { go, hrefOf } from '../location.ts'
import { Card, PageHead } from '../parts/card.tsx'
import { Choice, Filters, FilterText } from '../parts/field.tsx'
import { PagedTable, type Column } from '../parts/table.tsx'
import { Amount, Link } from '../parts/values.tsx'
import { accounts, useAssets, useDecimals } from '../queries.ts'
import { useWords } from '../words/words.ts'

const ROWS = 50

export function AccountsView({ query }: { readonly query: URLSearchParams }) {
  const words = useWords()
  const assets = useAssets().data?.items ?? []
  const shown = {
    prefix: query.get('prefix') ?? '',
    asset: query.get('asset') ?? '',
    order: query.get('order') ?? '',
    below: query.get('below') ?? '',
  }
  const show = (change: Partial<typeof shown>): void => go(hrefOf(['accounts'], { ...shown, ...change }), true)
  // Amounts of different assets cannot be compared: the service sorts and bounds those of one.
  const isOfAmounts = shown.order !== '' || shown.below !== ''
  const asset = shown.asset === '' && isOfAmounts ? 'credit' : shown.asset
  const decimals = useDecimals(asset === '' ? 'credit' : asset) ?? 0
  const list = accounts({
    prefix: shown.prefix,
    asset,
    order: shown.order,
    availableBelow: amountIn(shown.below, decimals)?.toString(),
    limit: ROWS,
  })
  const pages = useInfiniteQuery({ ...list, placeholderData: keepPreviousData })
  return (
    <>
      <PageHead title={words.accounts} />
      <Filters>
        <FilterText name={words.prefix} value={shown.prefix} onChange={(prefix) => show({ prefix })} />
        <Choice
          name={words.asset}
          value={asset}
          choices={[
            ...(isOfAmounts ? [] : ([['', words.allAssets]] as const)),
            ...assets.map(({ code, name }) => [code, name] as const),
          ]}
          onChange={(value) => show({ asset: value })}
        />
        <Choice
          name={words.order}
          value={shown.order}
          choices={[
            ['', words.byName],
            ['available', words.leastAvailable],
            ['available-desc', words.mostAvailable],
            ['held', words.leastHeld],
            ['held-desc', words.mostHeld],
          ]}
          onChange={(order) => show({ order })}
        />
        <FilterText name={words.availableBelow} value={shown.below} onChange={(below) => show({ below })} isDecimal />
      </Filters>
      <Card isFlush>
        <PagedTable
          label={words.accounts}
          pages={pages}
          columns={useColumns()}
          keyOf={({ account, asset }) => `${account} ${asset}`}
          empty={[words.noAccounts, words.noAccountsHint]}
        />
      </Card>
    </>
  )
}

function useColumns(): readonly Column<BalanceWire>[] {
  const words = useWords()
  return [
    {
      name: words.account,
      cell: ({ account, asset }) => (
        <Link href={hrefOf(['accounts', account], { asset })} className="font-medium break-all">
          {account}
        </Link>
      ),
    },
    { name: words.asset, cell: ({ asset }) => <span className="text-muted">{asset}</span> },
    {
      name: words.available,
      isNumber: true,
      cell: ({ available, asset }) => <Amount minor={available} asset={asset} />,
    },
    { name: words.held, isNumber: true, cell: ({ held, asset }) => <Amount minor={held} asset={asset} /> },
    {
      name: words.total,
      isNumber: true,
      isMinor: true,
      cell: ({ total, asset }) => <Amount minor={total} asset={asset} />,
    },
  ]
}
