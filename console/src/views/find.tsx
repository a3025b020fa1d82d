/** Everything that has a name: an account, a hold, an entry; and accounts that begin so. */
import { useQuery } from '@tanstack/react-query'
import type { BalancePageWire } from '../../../src/api/balance.ts'
import { CallError, read } from '../call.ts'
import { Card, PageHead } from '../parts/card.tsx'
import { Empty, Loading, Problem } from '../parts/notice.tsx'
import { AccountLink, EntryLink, HoldLink } from '../parts/values.tsx'
import { useWords } from '../words/words.ts'

const ACCOUNTS_MAX = 20

interface Found {
  readonly hasHold: boolean
  readonly hasEntry: boolean
  readonly accounts: readonly string[]
}

async function find(text: string): Promise<Found> {
  const [hasHold, hasEntry, page] = await Promise.all([
    exists(['v1', 'holds', text]),
    exists(['v1', 'entries', text]),
    unlessInvalid(read<BalancePageWire>(['v1', 'accounts'], { prefix: text, limit: ACCOUNTS_MAX })),
  ])
  return { hasHold, hasEntry, accounts: [...new Set(page?.items.map(({ account }) => account) ?? [])] }
}

async function exists(steps: readonly string[]): Promise<boolean> {
  return (await unlessInvalid(read<object>(steps))) !== null
}

/** What cannot be the name of a thing is not there, and what a key may not see is not there for it. */
async function unlessInvalid<Answer>(answer: Promise<Answer>): Promise<Answer | null> {
  try {
    return await answer
  } catch (error) {
    if (error instanceof CallError && [400, 403, 404].includes(error.status)) return null
    throw error
  }
}

export function FindView({ text }: { readonly text: string }) {
  const words = useWords()
  const { data, error, isPending, refetch } = useQuery({
    queryKey: ['find', text],
    queryFn: () => find(text),
    enabled: text !== '',
  })
  return (
    <>
      <PageHead title={words.found(text)} />
      {isPending ? (
        <Loading />
      ) : data === undefined ? (
        <Problem error={error} again={() => void refetch()} />
      ) : (
        <Results text={text} found={data} />
      )}
    </>
  )
}

function Results({ text, found }: { readonly text: string; readonly found: Found }) {
  const words = useWords()
  const { hasHold, hasEntry, accounts } = found
  if (!hasHold && !hasEntry && accounts.length === 0)
    return (
      <Card>
        <Empty title={words.foundNothing}>{words.foundNothingHint}</Empty>
      </Card>
    )
  return (
    <div className="grid grid-cols-1 gap-5">
      {hasHold && (
        <Card title={words.hold}>
          <HoldLink id={text} />
        </Card>
      )}
      {hasEntry && (
        <Card title={words.entry}>
          <EntryLink id={text} />
        </Card>
      )}
      {accounts.length > 0 && (
        <Card title={words.accountsBeginning}>
          <ul className="grid gap-1.5">
            {accounts.map((name) => (
              <li key={name}>
                <AccountLink name={name} />
              </li>
            ))}
          </ul>
        </Card>
      )}
    </div>
  )
}
