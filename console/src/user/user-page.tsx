/** What a user has, what is set aside and why, and what became of it. Made of the hooks that apps can use too. */
import { useEffect, useMemo, useState, type ReactNode } from 'react'
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { connect } from '../../../src/client/index.ts'
import { useBalance, useStatement } from '../../../src/react/hooks.ts'
import { Button } from '../parts/button.tsx'
import { Card } from '../parts/card.tsx'
import { Logo } from '../parts/icon.tsx'
import { Empty, Loading, Problem } from '../parts/notice.tsx'
import { Amount, Instant, Metadata } from '../parts/values.tsx'
import { setPreferences, usePreferences } from '../preferences.ts'
import { account as accountQuery, holds as holdsQuery } from '../queries.ts'
import { useSession } from '../session.ts'
import { useWords } from '../words/words.ts'
import type { PageToken } from './token.ts'

type Ledger = ReturnType<typeof connect>

const HOLDS_MAX = 50

export function UserPage({ token }: { readonly token: PageToken | null }) {
  const words = useWords()
  const { isRefused } = useSession()
  const hasEnded = useHasEnded(token)
  useEffect(() => {
    document.title = `${words.yourCoins} · Holdfast`
  }, [words])
  return (
    <div className="mx-auto min-h-screen max-w-2xl px-4 py-6">
      <header className="mb-6 flex items-center justify-between">
        <span className="flex items-center gap-2.5 font-semibold">
          <Logo /> {token?.account ?? 'Holdfast'}
        </span>
        <LanguageButton />
      </header>
      <main className="grid grid-cols-1 gap-5">
        {token === null || hasEnded || isRefused ? (
          <Card>
            <h1 className="mb-1 text-lg font-semibold">{words.linkEnded}</h1>
            <p className="text-muted">{words.linkEndedHint}</p>
          </Card>
        ) : (
          <Coins token={token} />
        )}
      </main>
    </div>
  )
}

function useHasEnded(token: PageToken | null): boolean {
  const [hasEnded, setEnded] = useState(false)
  useEffect(() => {
    if (token === null) return undefined
    const timer = setTimeout(() => setEnded(true), Math.max(0, token.expiresAt - Date.now()))
    return () => clearTimeout(timer)
  }, [token])
  return hasEnded
}

function Coins({ token }: { readonly token: PageToken }) {
  const words = useWords()
  // With its path, so that it also works behind a proxy that adds one.
  const ledger = useMemo(() => connect(new URL('.', document.baseURI).href, { key: token.text }), [token])
  const { data, error, isPending, refetch } = useQuery({ ...accountQuery(token.account), retry: false })
  const [chosen, setChosen] = useState<string | null>(null)
  if (isPending) return <Loading />
  if (data === undefined) return <Problem error={error} again={() => void refetch()} />
  const assets = data.balances.map(({ asset }) => asset)
  const asset = chosen ?? assets[0]
  if (asset === undefined) {
    return (
      <Card>
        <Empty title={words.noCoins}>{words.noCoinsHint}</Empty>
      </Card>
    )
  }
  return (
    <>
      {assets.length > 1 && (
        <div role="group" aria-label={words.asset} className="flex flex-wrap gap-2">
          {assets.map((one) => (
            <Button
              key={one}
              look={one === asset ? 'main' : 'plain'}
              aria-pressed={one === asset}
              onClick={() => setChosen(one)}
            >
              {one}
            </Button>
          ))}
        </div>
      )}
      <Total ledger={ledger} account={token.account} asset={asset} />
      <Holds account={token.account} asset={asset} />
      <Lines key={asset} ledger={ledger} account={token.account} asset={asset} />
    </>
  )
}

interface Of {
  readonly ledger: Ledger
  readonly account: string
  readonly asset: string
}

function Total({ ledger, account, asset }: Of) {
  const words = useWords()
  const { balance, error } = useBalance(ledger, account, { asset })
  if (balance === null) return error === null ? <Loading /> : <Problem error={error.message} />
  return (
    <Card>
      <h1 className="text-[0.8125rem] text-muted">{words.yourCoins}</h1>
      <p className="text-4xl font-semibold tracking-tight">
        <Amount minor={balance.available} asset={asset} hasAsset />
      </p>
      <p className="mt-2 text-sm text-muted">
        {words.heldNow} <Amount minor={balance.held} asset={asset} /> · {words.total}{' '}
        <Amount minor={balance.total} asset={asset} />
      </p>
    </Card>
  )
}

function Holds({ account, asset }: Omit<Of, 'ledger'>) {
  const words = useWords()
  const { data, error } = useInfiniteQuery({
    ...holdsQuery({ account, asset, state: 'open', limit: HOLDS_MAX }),
    refetchInterval: 5_000,
  })
  const open = data?.pages[0]?.items ?? []
  return (
    <Card title={words.heldNow}>
      {error !== null && <Problem error={error} />}
      <p className="mb-3 text-sm text-muted">{open.length === 0 ? words.nothingHeld : words.heldNowHint}</p>
      <ul className="grid gap-3">
        {open.map(({ id, held, createdAt, metadata }) => (
          <Row key={id} amount={<Amount minor={held} asset={asset} />}>
            <Instant at={createdAt} />
            {metadata !== null && <Metadata metadata={metadata} />}
          </Row>
        ))}
      </ul>
    </Card>
  )
}

function Lines({ ledger, account, asset }: Of) {
  const words = useWords()
  const { lines, error, hasMore, more } = useStatement(ledger, account, { asset })
  return (
    <Card title={words.yourStatement}>
      {error !== null && <Problem error={error.message} />}
      {lines === null && error === null && <Loading />}
      <ul className="grid gap-3">
        {lines?.map((line) => (
          <Row key={line.version} amount={<Change change={line.change} held={line.heldDelta} asset={asset} />}>
            <span className="font-medium">{line.memo ?? words.userKinds[line.kind]}</span>
            <span className="block text-sm text-muted">
              <Instant at={new Date(line.at).toISOString()} />
            </span>
          </Row>
        ))}
      </ul>
      {hasMore && (
        <p className="mt-4 text-center">
          <Button onClick={more}>{words.more}</Button>
        </p>
      )}
    </Card>
  )
}

function Row({ amount, children }: { readonly amount: ReactNode; readonly children: ReactNode }) {
  return (
    <li className="flex items-start justify-between gap-4 border-b border-line pb-3 last:border-0 last:pb-0">
      <div className="min-w-0 break-words">{children}</div>
      <div className="text-right">{amount}</div>
    </li>
  )
}

/** Coins that are only set aside, or return, are not spent. */
function Change({ change, held, asset }: { readonly change: bigint; readonly held: bigint; readonly asset: string }) {
  const words = useWords()
  if (change !== 0n || held === 0n) return <Amount minor={change} asset={asset} isSigned />
  return (
    <span className="text-sm text-muted">
      {words.heldNow} {held > 0n && '+'}
      <Amount minor={held} asset={asset} />
    </span>
  )
}

function LanguageButton() {
  const isChinese = usePreferences().language === 'zh'
  return (
    <Button lang={isChinese ? 'en' : 'zh-CN'} onClick={() => setPreferences({ language: isChinese ? 'en' : 'zh' })}>
      {isChinese ? 'English' : '中文'}
    </Button>
  )
}
