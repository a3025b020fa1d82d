/** One entry: its postings, which sum to zero per asset, and the legs and rates of a transfer across assets. */
import { useQuery } from '@tanstack/react-query'
import type { EntryWire } from '../../../src/api/entry.ts'
import { Card, Fact, Facts, PageHead } from '../parts/card.tsx'
import { Loading, Problem } from '../parts/notice.tsx'
import { Table, type Column } from '../parts/table.tsx'
import { AccountLink, Amount, Badge, By, HoldLink, Instant, Link, Metadata } from '../parts/values.tsx'
import { entry as entryQuery } from '../queries.ts'
import { useWords } from '../words/words.ts'

export function EntryView({ id }: { readonly id: string }) {
  const words = useWords()
  const { data: entry, error, isPending, refetch } = useQuery(entryQuery(id))
  if (isPending) return <Loading />
  if (entry === undefined) {
    return (
      <>
        <PageHead above={<Link href="#/entries">{words.entries}</Link>} title={id} />
        <Problem error={error} again={() => void refetch()} />
      </>
    )
  }
  return (
    <>
      <PageHead above={<Link href="#/entries">{words.entries}</Link>} title={id} badge={<Badge word={entry.kind} />} />
      <div className="grid grid-cols-1 gap-5">
        <Card>
          <Facts>
            <Fact name={words.time}>
              <Instant at={entry.at} hasBoth />
            </Fact>
            <Fact name={words.by}>
              <By author={entry.by} />
            </Fact>
            <Fact name={words.hold}>
              {entry.hold === null ? <span className="text-muted">–</span> : <HoldLink id={entry.hold} />}
            </Fact>
            <Fact name={words.memo}>{entry.memo ?? <span className="text-muted">–</span>}</Fact>
            <Fact name={words.metadata}>
              <Metadata metadata={entry.metadata} />
            </Fact>
          </Facts>
        </Card>
        {entry.postings.length > 0 && <Postings postings={entry.postings} />}
        {entry.legs !== null && <Legs legs={entry.legs} />}
      </div>
    </>
  )
}

type Posting = EntryWire['postings'][number]

function Postings({ postings }: { readonly postings: readonly Posting[] }) {
  const words = useWords()
  const columns: readonly Column<Posting>[] = [
    { name: words.account, cell: ({ account }) => <AccountLink name={account} /> },
    { name: words.asset, isMinor: true, cell: ({ asset }) => <span className="text-muted">{asset}</span> },
    {
      name: words.available,
      isNumber: true,
      cell: ({ availableDelta, asset }) => <Amount minor={availableDelta} asset={asset} isSigned />,
    },
    {
      name: words.held,
      isNumber: true,
      cell: ({ heldDelta, asset }) => <Amount minor={heldDelta} asset={asset} isSigned />,
    },
    {
      name: `${words.after}: ${words.available}`,
      isNumber: true,
      isMinor: true,
      cell: ({ available, asset }) => <Amount minor={available} asset={asset} />,
    },
    {
      name: `${words.after}: ${words.held}`,
      isNumber: true,
      isMinor: true,
      cell: ({ held, asset }) => <Amount minor={held} asset={asset} />,
    },
  ]
  return (
    <Card title={words.postings} isFlush>
      <Table
        label={words.postings}
        columns={columns}
        rows={postings}
        keyOf={({ account, asset, stripe, version }) => `${account} ${asset} ${stripe} ${version}`}
      />
    </Card>
  )
}

type Leg = NonNullable<EntryWire['legs']>[number]

function Legs({ legs }: { readonly legs: readonly Leg[] }) {
  const words = useWords()
  const columns: readonly Column<Leg & { readonly number: number }>[] = [
    { name: words.from, cell: ({ from }) => <AccountLink name={from} /> },
    { name: words.paid, isNumber: true, cell: ({ amount, asset }) => <Amount minor={amount} asset={asset} hasAsset /> },
    { name: words.to, cell: ({ to }) => <AccountLink name={to} /> },
    {
      name: words.received,
      isNumber: true,
      cell: ({ toAmount, toAsset }) => <Amount minor={toAmount} asset={toAsset} hasAsset />,
    },
    {
      name: words.rate,
      isMinor: true,
      cell: ({ rate, asset, toAsset }) =>
        rate === null ? (
          <span className="text-muted">–</span>
        ) : (
          <Link href={`#/rates/${asset}/${toAsset}`}>
            {rate.numerator}:{rate.denominator} (v{rate.version})
          </Link>
        ),
    },
    { name: words.remainder, isNumber: true, isMinor: true, cell: ({ rate }) => rate?.remainder ?? '–' },
  ]
  return (
    <Card title={words.legs} isFlush>
      <Table
        label={words.legs}
        columns={columns}
        rows={legs.map((leg, number) => ({ ...leg, number }))}
        keyOf={({ number }) => String(number)}
      />
    </Card>
  )
}
