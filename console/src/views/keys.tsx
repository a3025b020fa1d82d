/** The keys of callers: what each may do, when it was used, and its end. */
import { useState } from 'react'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { KeyWire } from '../../../src/api/key-schemas.ts'
import { RevokeAction, RotateAction } from '../actions/key-change.tsx'
import { CallError } from '../call.ts'
import { Button } from '../parts/button.tsx'
import { Card, PageHead } from '../parts/card.tsx'
import { Empty } from '../parts/notice.tsx'
import { PagedTable, type Column } from '../parts/table.tsx'
import { Badge, Instant } from '../parts/values.tsx'
import { keys } from '../queries.ts'
import { useSession } from '../session.ts'
import { useWords } from '../words/words.ts'

interface Chosen {
  readonly action: 'revoke' | 'rotate'
  readonly key: KeyWire
}

export function KeysView() {
  const words = useWords()
  const pages = useInfiniteQuery(keys())
  const { key } = useSession()
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const columns = useColumns(setChosen)
  // Without a key nobody is refused but by a ledger that has none.
  const hasNone = key === null && pages.error instanceof CallError && pages.error.status === 403
  return (
    <>
      <PageHead title={words.keys} />
      <Card isFlush>
        {hasNone ? (
          <Empty title={words.noKeys}>{words.noKeysHint}</Empty>
        ) : (
          <PagedTable
            label={words.keys}
            pages={pages}
            columns={columns}
            keyOf={({ name }) => name}
            empty={[words.noKeys, words.noKeysHint]}
          />
        )}
      </Card>
      {chosen?.action === 'revoke' && <RevokeAction name={chosen.key.name} onClose={() => setChosen(null)} />}
      {chosen?.action === 'rotate' && <RotateAction name={chosen.key.name} onClose={() => setChosen(null)} />}
    </>
  )
}

function stateOf({ revokedAt, expiresAt }: KeyWire): string {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'valid'
}

function useColumns(choose: (chosen: Chosen) => void): readonly Column<KeyWire>[] {
  const words = useWords()
  return [
    { name: words.name, cell: ({ name }) => <span className="font-medium break-all">{name}</span> },
    { name: words.state, cell: (key) => <Badge word={stateOf(key)} /> },
    {
      name: words.scopes,
      isMinor: true,
      cell: ({ scopes }) => <span className="font-mono text-[0.8125rem]">{scopes.join(' ')}</span>,
    },
    {
      name: words.confinedTo,
      isMinor: true,
      cell: ({ accounts, assets }) => [...(accounts ?? []), ...(assets ?? [])].join(' ') || words.everything,
    },
    {
      name: words.lastUsed,
      cell: ({ lastUsedAt }) => (lastUsedAt === null ? words.never : <Instant at={lastUsedAt} />),
    },
    {
      name: words.actions,
      cell: (key) =>
        stateOf(key) === 'valid' && (
          <span className="flex flex-wrap gap-2">
            <Button aria-label={words.rotateTitle(key.name)} onClick={() => choose({ action: 'rotate', key })}>
              {words.rotate}
            </Button>
            <Button aria-label={words.revokeTitle(key.name)} onClick={() => choose({ action: 'revoke', key })}>
              {words.revoke}
            </Button>
          </span>
        ),
    },
  ]
}
