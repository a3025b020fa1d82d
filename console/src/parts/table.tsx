/** Tables: of rows that come in pages, and of rows that are there. */
import { useState, type ReactNode } from 'react'
import type { InfiniteData, UseInfiniteQueryResult } from '@tanstack/react-query'
import { useWords } from '../words/words.ts'
import { Button } from './button.tsx'
import { Empty, Loading, Problem } from './notice.tsx'

export interface Column<Row> {
  readonly name: string
  readonly cell: (row: Row) => ReactNode
  readonly isNumber?: boolean
  /** Left out on a phone. */
  readonly isMinor?: boolean
}

interface TableProps<Row> {
  readonly label: string
  readonly columns: readonly Column<Row>[]
  readonly rows: readonly Row[]
  readonly keyOf: (row: Row) => string
}

export function Table<Row>({ label, columns, rows, keyOf }: TableProps<Row>) {
  const place = ({ isNumber = false, isMinor = false }: Column<Row>): string =>
    `px-2 py-2.5 first:pl-4 last:pr-4 sm:px-3 sm:first:pl-5 sm:last:pr-5 ${isNumber ? 'text-right' : 'text-left'} ${isMinor ? 'hidden md:table-cell' : ''}`
  return (
    <table className="w-full border-collapse text-sm" aria-label={label}>
      <thead>
        <tr className="border-b border-line text-[0.8125rem] text-muted">
          {columns.map((column) => (
            <th key={column.name} scope="col" className={`font-medium whitespace-nowrap ${place(column)}`}>
              {column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={keyOf(row)} className="border-b border-line last:border-0 hover:bg-sunken">
            {columns.map((column) => (
              <td key={column.name} className={`align-top ${place(column)}`}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

const GROWTH = 100

/** Rows that are all there, of which more are shown when the viewer asks for them. */
export function GrowingTable<Row>({ rows, ...table }: TableProps<Row>) {
  const words = useWords()
  const [count, setCount] = useState(GROWTH)
  return (
    <>
      <Table {...table} rows={rows.slice(0, count)} />
      <div className="px-4 py-3 text-center text-sm text-muted">
        {rows.length > count ? (
          <Button onClick={() => setCount(count + GROWTH)}>{words.more}</Button>
        ) : (
          words.nothingMore(String(rows.length))
        )}
      </div>
    </>
  )
}

type Pages<Row> = UseInfiniteQueryResult<InfiniteData<{ readonly items: readonly Row[] }>>

interface PagedTableProps<Row> extends Omit<TableProps<Row>, 'rows'> {
  readonly pages: Pages<Row>
  readonly empty: readonly [title: string, hint: string]
  /** Leaves rows out. */
  readonly isWanted?: (row: Row) => boolean
}

export function PagedTable<Row>({ pages, empty, isWanted = () => true, ...table }: PagedTableProps<Row>) {
  const words = useWords()
  const rows = (pages.data?.pages.flatMap(({ items }) => items) ?? []).filter(isWanted)
  if (pages.isPending) return <Loading />
  const problem = pages.error !== null && (
    <div className="p-4">
      <Problem error={pages.error} again={() => void pages.refetch()} />
    </div>
  )
  if (rows.length === 0 && !pages.hasNextPage) return problem || <Empty title={empty[0]}>{empty[1]}</Empty>
  return (
    <>
      {problem}
      <Table {...table} rows={rows} />
      <div className="px-4 py-3 text-center text-sm text-muted">
        {pages.hasNextPage ? (
          <Button disabled={pages.isFetchingNextPage} onClick={() => void pages.fetchNextPage()}>
            {pages.isFetchingNextPage ? words.loading : words.more}
          </Button>
        ) : (
          words.nothingMore(String(rows.length))
        )}
      </div>
    </>
  )
}
