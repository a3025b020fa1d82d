/** The holds of an account in one asset, the newest first. */
import { useInfiniteQuery } from '@tanstack/react-query'
import { go, hrefOf } from '../location.ts'
import { Card } from '../parts/card.tsx'
import { Filters } from '../parts/field.tsx'
import { holds } from '../queries.ts'
import { HoldTable, StateChoice } from './hold-table.tsx'

const ROWS = 50

interface AccountHoldsProps {
  readonly name: string
  readonly asset: string
  readonly query: URLSearchParams
}

export function AccountHolds({ name, asset, query }: AccountHoldsProps) {
  const state = query.get('state') ?? ''
  const pages = useInfiniteQuery(holds({ account: name, asset, state, limit: ROWS }))
  return (
    <>
      <Filters>
        <StateChoice
          value={state}
          onChange={(state) => go(hrefOf(['accounts', name], { asset, tab: 'holds', state }), true)}
        />
      </Filters>
      <Card isFlush>
        <HoldTable pages={pages} isOfOneAccount />
      </Card>
    </>
  )
}
