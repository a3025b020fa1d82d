/** The statement of a balance, the newest line first, with what each line cost and who is on the other side. */
import { useInfiniteQuery } from '@tanstack/react-query'
import type { StatementLineWire } from '../../../src/api/posting.ts'
import { ENTRY_KINDS } from '../../../src/domain/journal.ts'
import { go, hrefOf } from '../location.ts'
import { Card } from '../parts/card.tsx'
import { Choice, Filters, FilterText } from '../parts/field.tsx'
import { PagedTable, type Column } from '../parts/table.tsx'
import { AccountLink, Amount, Badge, EntryLink, HoldLink, Instant } from '../parts/values.tsx'
import { postings } from '../queries.ts'
import { useWords, wordFor } from '../words/words.ts'

const ROWS = 50

interface StatementProps {
  readonly name: string
  readonly asset: string
  readonly query: URLSearchParams
}

export function Statement({ name, asset, query }: StatementProps) {
  const words = useWords()
  const shown = { kind: query.get('kind') ?? '', memo: query.get('memo') ?? '' }
  const show = (change: Partial<typeof shown>): void =>
    go(hrefOf(['accounts', name], { asset, ...shown, ...change }), true)
  const pages = useInfiniteQuery(postings(name, { asset, ...shown, limit: ROWS }))
  return (
    <>
      <Filters>
        <Choice
          name={words.kind}
          value={shown.kind}
          choices={[['', words.allKinds], ...ENTRY_KINDS.map((kind) => [kind, wordFor(words, kind)] as const)]}
          onChange={(kind) => show({ kind })}
        />
        <FilterText name={words.memoContains} value={shown.memo} onChange={(memo) => show({ memo })} />
      </Filters>
      <Card isFlush>
        <PagedTable
          label={words.statement}
          pages={pages}
          columns={useColumns()}
          keyOf={({ stripe, version }) => `${stripe} ${version}`}
          empty={[words.noLines, words.noLinesHint]}
        />
      </Card>
    </>
  )
}

function useColumns(): readonly Column<StatementLineWire>[] {
  const words = useWords()
  return [
    {
      name: words.time,
      cell: ({ at, entryId }) => (
        <EntryLink id={entryId}>
          <Instant at={at} />
        </EntryLink>
      ),
    },
    {
      name: words.kind,
      cell: ({ kind, memo }) => (
        <>
          <Badge word={kind} />
          {memo !== null && <span className="mt-1 block max-w-xs break-words">{memo}</span>}
        </>
      ),
    },
    { name: words.change, isNumber: true, cell: (line) => <Change line={line} /> },
    {
      name: words.otherSide,
      isMinor: true,
      cell: ({ counterparties, moreCounterparties }) => (
        <ul>
          {counterparties.map((name) => (
            <li key={name} className="break-all">
              <AccountLink name={name} />
            </li>
          ))}
          {moreCounterparties && <li>…</li>}
        </ul>
      ),
    },
    { name: words.hold, isMinor: true, cell: ({ hold }) => hold !== null && <HoldLink id={hold} /> },
    {
      name: words.available,
      isNumber: true,
      cell: ({ available, asset }) => <Amount minor={available} asset={asset} />,
    },
    {
      name: words.held,
      isNumber: true,
      isMinor: true,
      cell: ({ held, asset }) => <Amount minor={held} asset={asset} />,
    },
  ]
}

/** Coins that are only set aside, or return, cost nothing yet. */
function Change({ line }: { readonly line: StatementLineWire }) {
  const words = useWords()
  const { change, heldDelta, asset } = line
  if (change !== '0') return <Amount minor={change} asset={asset} isSigned />
  if (heldDelta === '0') return <Amount minor="0" asset={asset} />
  return (
    <span className="text-muted">
      {words.held} <span className="figure">{heldDelta.startsWith('-') ? '' : '+'}</span>
      <Amount minor={heldDelta} asset={asset} />
    </span>
  )
}
