/** The feed of all entries: as they are committed, or from the first one. */
import { useEffect, useState } from 'react'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { EntryWire } from '../../../src/api/entry.ts'
import { Button } from '../parts/button.tsx'
import { Card, PageHead } from '../parts/card.tsx'
import { Tabs } from '../parts/field.tsx'
import { Empty, Problem } from '../parts/notice.tsx'
import { PagedTable, Table, type Column } from '../parts/table.tsx'
import { AccountLink, Amount, Badge, By, EntryLink, HoldLink, Instant } from '../parts/values.tsx'
import { readFeed } from '../queries.ts'
import { useWords } from '../words/words.ts'

const ROWS = 50
const FOLLOW_MS = 2_000
/** More than anybody reads; the oldest ones leave the list. */
const SHOWN_MAX = 200

export function EntriesView({ query }: { readonly query: URLSearchParams }) {
  const words = useWords()
  const isLive = query.get('from') !== 'beginning'
  return (
    <>
      <PageHead title={words.entries} />
      <Tabs
        label={words.entries}
        tabs={[
          { text: words.live, href: '#/entries', isCurrent: isLive },
          { text: words.fromBeginning, href: '#/entries?from=beginning', isCurrent: !isLive },
        ]}
      />
      {isLive ? <LiveEntries /> : <AllEntries />}
    </>
  )
}

function LiveEntries() {
  const words = useWords()
  const [isPaused, setPaused] = useState(false)
  const { entries, error } = useFeed(isPaused)
  const columns = useColumns()
  return (
    <Card isFlush aside={<Button onClick={() => setPaused(!isPaused)}>{isPaused ? words.resume : words.pause}</Button>}>
      {error !== null && (
        <div className="p-4">
          <Problem error={error} />
        </div>
      )}
      {entries.length === 0 ? (
        error === null && <Empty title={words.waiting}>{words.waitingHint}</Empty>
      ) : (
        <Table label={words.entries} columns={columns} rows={entries} keyOf={({ id }) => id} />
      )}
    </Card>
  )
}

interface Feed {
  /** The newest first. */
  readonly entries: readonly EntryWire[]
  readonly error: unknown
}

/** Follows the feed from its end, as long as the view is shown. */
function useFeed(isPaused: boolean): Feed {
  const [cursor, setCursor] = useState<string | null>(null)
  const [feed, setFeed] = useState<Feed>({ entries: [], error: null })
  useEffect(() => {
    if (isPaused) return undefined
    let isGone = false
    const look = async (): Promise<void> => {
      try {
        const page = await readFeed(cursor === null ? { start: 'end', limit: ROWS } : { cursor, limit: ROWS })
        if (isGone) return
        const fresh = page.items.toReversed()
        setFeed(({ entries }) => ({ entries: [...fresh, ...entries].slice(0, SHOWN_MAX), error: null }))
        setCursor(page.next)
      } catch (error) {
        if (!isGone) setFeed(({ entries }) => ({ entries, error }))
      }
    }
    if (cursor === null) void look()
    const timer = setInterval(() => void look(), FOLLOW_MS)
    return () => {
      isGone = true
      clearInterval(timer)
    }
  }, [cursor, isPaused])
  return feed
}

function AllEntries() {
  const words = useWords()
  const pages = useInfiniteQuery({
    queryKey: ['feed'],
    queryFn: ({ pageParam }) => readFeed({ cursor: pageParam, limit: ROWS }),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next, more }) => (more ? next : null),
  })
  return (
    <Card isFlush>
      <PagedTable
        label={words.entries}
        pages={pages}
        columns={useColumns()}
        keyOf={({ id }) => id}
        empty={[words.waiting, words.waitingHint]}
      />
    </Card>
  )
}

function useColumns(): readonly Column<EntryWire>[] {
  const words = useWords()
  return [
    {
      name: words.time,
      cell: ({ at, id }) => (
        <EntryLink id={id}>
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
    { name: words.change, cell: ({ postings }) => <Movements postings={postings} /> },
    { name: words.hold, isMinor: true, cell: ({ hold }) => hold !== null && <HoldLink id={hold} /> },
    { name: words.by, isMinor: true, cell: ({ by }) => <By author={by} /> },
  ]
}

const MOVEMENTS_MAX = 3

function Movements({ postings }: { readonly postings: EntryWire['postings'] }) {
  return (
    <ul className="grid gap-0.5">
      {postings.slice(0, MOVEMENTS_MAX).map(({ account, asset, stripe, version, availableDelta }) => (
        <li key={`${account} ${asset} ${stripe} ${version}`} className="flex flex-wrap gap-x-3">
          <AccountLink name={account} />
          <Amount minor={availableDelta} asset={asset} isSigned hasAsset />
        </li>
      ))}
      {postings.length > MOVEMENTS_MAX && <li className="text-muted">+{postings.length - MOVEMENTS_MAX}</li>}
    </ul>
  )
}
