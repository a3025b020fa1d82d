/** The keys of callers: what each may do, when it was used, and its end. */
import { useState } from 'react'
import { useInfiniteQuery } from '@tanstack/react-query'
import type { KeyWire } from '../../../src/api/key-schemas.ts'
import { MakeKeyAction } from '../actions/key-make.tsx'
import { RevokeAction, RotateAction } from '../actions/key-change.tsx'
import { useCaller } from '../caller.tsx'
import { Button } from '../parts/button.tsx'
import { Card, PageHead } from '../parts/card.tsx'
import { Empty } from '../parts/notice.tsx'
import { PagedTable, type Column } from '../parts/table.tsx'
import { Badge, Instant } from '../parts/values.tsx'
import { keys } from '../queries.ts'
import { useWords } from '../words/words.ts'

type Chosen = 'make' | { readonly action: 'revoke' | 'rotate'; readonly key: KeyWire }

export function KeysView() {
  const words = useWords()
  const pages = useInfiniteQuery(keys())
  const [chosen, setChosen] = useState<Chosen | null>(null)
  const columns = useColumns(setChosen)
  const hasNone = useCaller()?.hasKeys === false
  return (
    <>
      <PageHead title={words.keys}>
        {!hasNone && (
          <Button look="main" onClick={() => setChosen('make')}>
            {words.makeKey}
          </Button>
        )}
      </PageHead>
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
      {chosen !== null && <ChosenAction chosen={chosen} onClose={() => setChosen(null)} />}
    </>
  )
}

function ChosenAction({ chosen, onClose }: { readonly chosen: Chosen; readonly onClose: () => void }) {
  if (chosen === 'make') return <MakeKeyAction onClose={onClose} />
  const { action, key } = chosen
  return action === 'revoke' ? (
    <RevokeAction name={key.name} onClose={onClose} />
  ) : (
    <RotateAction name={key.name} onClose={onClose} />
  )
}

function boundsOf({ accounts, assets, amountMax }: KeyWire): string {
  return [...(accounts ?? []), ...(assets ?? []), ...(amountMax === null ? [] : [`≤ ${amountMax}`])].join(' ')
}

function stateOf({ revokedAt, expiresAt }: KeyWire): string {
  if (revokedAt !== null) return 'revoked'
  return expiresAt !== null && Date.parse(expiresAt) <= Date.now() ? 'expired' : 'valid'
}

function useColumns(choose: (chosen: Chosen) => void): readonly Column<KeyWire>[] {
  const words = useWords()
  return [
    { name: words.name, cell: ({ name }) => <span className="font-medium wrap-anywhere">{name}</span> },
    { name: words.state, cell: (key) => <Badge word={stateOf(key)} /> },
    {
      name: words.scopes,
      isMinor: true,
      cell: ({ scopes }) => <span className="font-mono text-[0.8125rem]">{scopes.join(' ')}</span>,
    },
    {
      name: words.confinedTo,
      isMinor: true,
      cell: (key) => boundsOf(key) || words.everything,
    },
    {
      name: words.expires,
      isMinor: true,
      cell: ({ expiresAt }) => (expiresAt === null ? words.never : <Instant at={expiresAt} />),
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
