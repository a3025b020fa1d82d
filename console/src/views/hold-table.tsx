/** Holds in a table: whose, how much is still held, and until when. */
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import type { HoldPageWire, HoldWire } from '../../../src/api/hold.ts'
import { HOLD_STATES } from '../../../src/domain/hold.ts'
import { Choice } from '../parts/field.tsx'
import { PagedTable, type Column } from '../parts/table.tsx'
import { AccountLink, Amount, Badge, Distance, HoldLink, Instant } from '../parts/values.tsx'
import { useWords, wordFor } from '../words/words.ts'

interface HoldTableProps {
  readonly pages: UseInfiniteQueryResult<InfiniteData<HoldPageWire>>
  readonly isOfOneAccount?: boolean
  readonly isWanted?: (hold: HoldWire) => boolean
  readonly empty?: readonly [title: string, hint: string]
}

export function HoldTable({ pages, isOfOneAccount = false, isWanted, empty }: HoldTableProps) {
  const words = useWords()
  const columns: readonly Column<HoldWire>[] = [
    {
      name: words.hold,
      cell: ({ id }) => (
        <span className="break-all">
          <HoldLink id={id} />
        </span>
      ),
    },
    ...(isOfOneAccount
      ? []
      : [{ name: words.account, cell: ({ account }: HoldWire) => <AccountLink name={account} /> }]),
    { name: words.state, cell: (hold) => <Badge word={isDue(hold) ? 'due' : hold.state} /> },
    {
      name: words.amount,
      isNumber: true,
      cell: ({ amount, asset }) => <Amount minor={amount} asset={asset} hasAsset />,
    },
    {
      name: words.held,
      isNumber: true,
      isMinor: true,
      cell: ({ held, asset }) => <Amount minor={held} asset={asset} />,
    },
    {
      name: words.settled,
      isNumber: true,
      isMinor: true,
      cell: ({ settled, asset }) => <Amount minor={settled} asset={asset} />,
    },
    { name: words.created, isMinor: true, cell: ({ createdAt }) => <Instant at={createdAt} /> },
    {
      name: words.expires,
      isMinor: true,
      cell: ({ state, expiresAt }) =>
        state === 'open' ? <Distance to={expiresAt} /> : <span className="text-muted">–</span>,
    },
  ]
  return (
    <PagedTable
      label={words.holds}
      pages={pages}
      columns={columns}
      keyOf={({ id }) => id}
      empty={empty ?? [words.noHolds, words.noHoldsHint]}
      {...(isWanted === undefined ? {} : { isWanted })}
    />
  )
}

export function isDue({ state, expiresAt }: HoldWire): boolean {
  return state === 'open' && Date.parse(expiresAt) <= Date.now()
}

export function StateChoice({
  value,
  onChange,
}: {
  readonly value: string
  readonly onChange: (state: string) => void
}) {
  const words = useWords()
  return (
    <Choice
      name={words.state}
      value={value}
      choices={[['', words.allStates], ...HOLD_STATES.map((state) => [state, wordFor(words, state)] as const)]}
      onChange={onChange}
    />
  )
}
