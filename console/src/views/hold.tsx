/** One hold: what it is now, what happened to it, and what can be done with it. */
import { useState } from 'react'
import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { HoldEventWire, HoldWire } from '../../../src/api/hold.ts'
import { AmendAction } from '../actions/hold-amend.tsx'
import { RefundAction, ReleaseAction, SettleAction } from '../actions/hold-end.tsx'
import { Obstacles, ScopedButton, type Needs } from '../caller.tsx'
import { amountText } from '../figures.ts'
import { Button } from '../parts/button.tsx'
import { Card, Fact, Facts, PageHead } from '../parts/card.tsx'
import { Loading, Problem } from '../parts/notice.tsx'
import { AccountLink, Amount, Badge, By, Distance, EntryLink, Instant, Link, Metadata } from '../parts/values.tsx'
import { hold as holdQuery, holdHistory, useDecimals } from '../queries.ts'
import { useWords } from '../words/words.ts'
import { isDue } from './hold-table.tsx'

const END: Needs = { scopes: ['holds:write'] }
const REFUND: Needs = { scopes: ['holds:write', 'charges:write'] }

export function HoldView({ id }: { readonly id: string }) {
  const words = useWords()
  const { data: hold, error, isPending, refetch } = useQuery(holdQuery(id))
  if (isPending) return <Loading />
  if (hold === undefined) {
    return (
      <>
        <PageHead above={<Link href="#/holds">{words.holds}</Link>} title={id} />
        <Problem error={error} again={() => void refetch()} />
      </>
    )
  }
  return (
    <>
      <PageHead
        above={<Link href="#/holds">{words.holds}</Link>}
        title={id}
        badge={<Badge word={isDue(hold) ? 'due' : hold.state} />}
      >
        <Actions hold={hold} />
      </PageHead>
      <Obstacles of={[...(hold.state === 'open' ? [END] : []), ...(isRefundable(hold) ? [REFUND] : [])]} />
      <div className="grid grid-cols-1 gap-5">
        <Sums hold={hold} />
        <Terms hold={hold} />
        <Timeline id={id} steps={hold.steps} />
      </div>
    </>
  )
}

/** amount + drawn = settled + released + held */
function Sums({ hold }: { readonly hold: HoldWire }) {
  const words = useWords()
  const { asset } = hold
  const sums = [
    [words.amount, hold.amount],
    [words.held, hold.held],
    [words.settled, hold.settled],
    [words.released, hold.released],
    ...(
      [
        [words.refunded, hold.refunded],
        [words.drawn, hold.drawn],
        [words.shortfall, hold.shortfall],
        [words.settledLate, hold.settledLate],
      ] as const
    ).filter(([, minor]) => minor !== '0'),
  ] as const
  return (
    <Card>
      <dl className="grid grid-cols-2 gap-4 sm:grid-cols-4">
        {sums.map(([name, minor], index) => (
          <div key={name}>
            <dt className="text-[0.8125rem] text-muted">{name}</dt>
            <dd className={`mt-0.5 text-xl tracking-tight ${index === 0 ? 'font-semibold' : ''}`}>
              <Amount minor={minor} asset={asset} hasAsset={index === 0} />
            </dd>
          </div>
        ))}
      </dl>
    </Card>
  )
}

function Terms({ hold }: { readonly hold: HoldWire }) {
  const words = useWords()
  const decimals = useDecimals(hold.asset)
  const { onExpiry } = hold
  return (
    <Card>
      <Facts>
        <Fact name={words.account}>
          <AccountLink name={hold.account} />
        </Fact>
        <Fact name={words.payee}>
          <AccountLink name={hold.payee} />
        </Fact>
        <Fact name={words.created}>
          <Instant at={hold.createdAt} hasBoth />
        </Fact>
        {hold.endedAt === null ? (
          <Fact name={words.expires}>
            <Instant at={hold.expiresAt} hasBoth />
            <span className="block text-sm">
              <Distance to={hold.expiresAt} />
            </span>
          </Fact>
        ) : (
          <Fact name={words.ended}>
            <Instant at={hold.endedAt} hasBoth />
          </Fact>
        )}
        <Fact name={words.onExpiry}>
          {onExpiry === null || decimals === null
            ? words.onExpiryRelease
            : words.onExpirySettle(amountText(onExpiry.settle, decimals))}
        </Fact>
        <Fact name={words.metadata}>
          <Metadata metadata={hold.metadata} />
        </Fact>
      </Facts>
    </Card>
  )
}

/** @param steps read again when there are more */
function Timeline({ id, steps }: { readonly id: string; readonly steps: number }) {
  const words = useWords()
  const pages = useInfiniteQuery({ ...holdHistory(id, steps), placeholderData: keepPreviousData })
  const events = pages.data?.pages.flatMap(({ items }) => items) ?? []
  return (
    <Card title={words.timeline}>
      {pages.error !== null && <Problem error={pages.error} />}
      <ol>
        {events.map((event, index) => (
          <Event key={event.number} event={event} before={events[index - 1]?.hold ?? null} />
        ))}
      </ol>
      {pages.hasNextPage && <Button onClick={() => void pages.fetchNextPage()}>{words.more}</Button>}
    </Card>
  )
}

function Event({ event, before }: { readonly event: HoldEventWire; readonly before: HoldWire | null }) {
  const words = useWords()
  const { hold, kind, entry, at, by } = event
  const changes = (['amount', 'held', 'settled', 'released', 'refunded', 'drawn', 'shortfall'] as const)
    .map((name) => [name, BigInt(hold[name]) - BigInt(before?.[name] ?? 0)] as const)
    .filter(([, change]) => change !== 0n)
  return (
    <li className="relative border-l-2 border-line pb-5 pl-5 last:border-transparent last:pb-0">
      <span
        aria-hidden="true"
        className="absolute top-1.5 -left-[7px] h-3 w-3 rounded-full border-2 border-surface bg-accent"
      />
      <p className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <EntryLink id={entry}>
          <span className="font-semibold">{words[kind]}</span>
        </EntryLink>
        <span className="text-sm text-muted">
          <Instant at={at} /> · <By author={by} />
        </span>
      </p>
      <p className="mt-1 flex flex-wrap gap-x-5 text-sm">
        {changes.map(([name, change]) => (
          <span key={name}>
            <span className="text-muted">{words[name]}</span> <Amount minor={change} asset={hold.asset} isSigned />
          </span>
        ))}
        {before !== null && before.expiresAt !== hold.expiresAt && (
          <span>
            <span className="text-muted">{words.expires}</span> <Instant at={hold.expiresAt} />
          </span>
        )}
      </p>
    </li>
  )
}

function isRefundable({ settled, refunded }: HoldWire): boolean {
  return BigInt(settled) > BigInt(refunded)
}

type Chosen = 'settle' | 'release' | 'amend' | 'refund' | null

/** What can be done follows from the state. */
function Actions({ hold }: { readonly hold: HoldWire }) {
  const words = useWords()
  const [chosen, setChosen] = useState<Chosen>(null)
  const close = (): void => setChosen(null)
  const isOpen = hold.state === 'open'
  return (
    <>
      {isOpen && (
        <>
          <ScopedButton needs={END} look="main" onClick={() => setChosen('settle')}>
            {words.settle}
          </ScopedButton>
          <ScopedButton needs={END} onClick={() => setChosen('release')}>
            {words.release}
          </ScopedButton>
          <ScopedButton needs={END} onClick={() => setChosen('amend')}>
            {words.amend}
          </ScopedButton>
        </>
      )}
      {isRefundable(hold) && (
        <ScopedButton needs={REFUND} look={isOpen ? 'plain' : 'main'} onClick={() => setChosen('refund')}>
          {words.refund}
        </ScopedButton>
      )}
      {chosen === 'settle' && <SettleAction hold={hold} onClose={close} />}
      {chosen === 'release' && <ReleaseAction hold={hold} onClose={close} />}
      {chosen === 'amend' && <AmendAction hold={hold} onClose={close} />}
      {chosen === 'refund' && <RefundAction hold={hold} onClose={close} />}
    </>
  )
}
