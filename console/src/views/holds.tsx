/** Holds of all accounts: the open ones by expiry, those that are due, or those in a state. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { go, hrefOf } from '../location.ts'
import { Card, PageHead } from '../parts/card.tsx'
import { Filters, FilterText, Tabs } from '../parts/field.tsx'
import { holds } from '../queries.ts'
import { useWords } from '../words/words.ts'
import { HoldTable, isDue, StateChoice } from './hold-table.tsx'

const ROWS = 50
/** The open holds come by expiry, so those that are due come first. */
const DUE_ROWS = 200

export function HoldsView({ query }: { readonly query: URLSearchParams }) {
  const words = useWords()
  const list = query.get('list') ?? 'open'
  return (
    <>
      <PageHead title={words.holds} />
      <Tabs
        label={words.holds}
        tabs={[
          { text: words.openList, href: '#/holds', isCurrent: list === 'open' },
          { text: words.dueList, href: '#/holds?list=due', isCurrent: list === 'due' },
          { text: words.allStates, href: '#/holds?list=all', isCurrent: list === 'all' },
        ]}
      />
      {list === 'due' ? <DueHolds /> : list === 'all' ? <AllHolds query={query} /> : <OpenHolds />}
    </>
  )
}

function OpenHolds() {
  const pages = useInfiniteQuery(holds({ state: 'open', limit: ROWS }))
  return (
    <Card isFlush>
      <HoldTable pages={pages} />
    </Card>
  )
}

function DueHolds() {
  const words = useWords()
  const pages = useInfiniteQuery(holds({ state: 'open', limit: DUE_ROWS }))
  const last = pages.data?.pages.at(-1)?.items.at(-1)
  // Behind one that is not due there is none that is.
  const hasNextPage = pages.hasNextPage && last !== undefined && isDue(last)
  return (
    <Card isFlush>
      <HoldTable pages={{ ...pages, hasNextPage }} isWanted={isDue} empty={[words.noDue, words.noDueHint]} />
    </Card>
  )
}

function AllHolds({ query }: { readonly query: URLSearchParams }) {
  const words = useWords()
  const shown = { state: query.get('state') ?? '', account: query.get('account') ?? '' }
  const show = (change: Partial<typeof shown>): void =>
    go(hrefOf(['holds'], { list: 'all', ...shown, ...change }), true)
  const pages = useInfiniteQuery(holds({ ...shown, limit: ROWS }))
  return (
    <>
      <Filters>
        <StateChoice value={shown.state} onChange={(state) => show({ state })} />
        <FilterText name={words.account} value={shown.account} onChange={(account) => show({ account })} />
      </Filters>
      <Card isFlush>
        <HoldTable pages={pages} />
      </Card>
    </>
  )
}
