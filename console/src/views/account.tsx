/** One account: whether it can pay, its balances, its statement and its holds, and what can be done with it. */
import { useState } from 'react'
import { useQuery } from '@tanstack/react-query'
import type { AccountWire } from '../../../src/api/account.ts'
import { CorrectionAction, DepositAction } from '../actions/money.tsx'
import { BlockAction, UnblockAction } from '../actions/standing.tsx'
import { Allowed, Obstacles, ScopedButton, type Needs } from '../caller.tsx'
import { hrefOf } from '../location.ts'
import { Card, PageHead } from '../parts/card.tsx'
import { Tabs } from '../parts/field.tsx'
import { Loading, Notice, Problem } from '../parts/notice.tsx'
import { AccountLink, Amount, Badge, Link, Metadata } from '../parts/values.tsx'
import { account as accountQuery } from '../queries.ts'
import { useWords } from '../words/words.ts'
import { AccountHolds } from './account-holds.tsx'
import { Affordable } from './affordable.tsx'
import { Statement } from './statement.tsx'

const GIVE: Needs = { scopes: ['deposits:write'] }
const TAKE: Needs = { scopes: ['charges:write'] }
const STOP: Needs = { scopes: ['accounts:write'] }
const STATEMENT: Needs = { scopes: ['statements:read'] }

interface AccountViewProps {
  readonly name: string
  readonly query: URLSearchParams
}

export function AccountView({ name, query }: AccountViewProps) {
  const words = useWords()
  const { data: account, error, isPending, refetch } = useQuery(accountQuery(name))
  if (isPending) return <Loading />
  if (account === undefined) {
    return (
      <>
        <PageHead above={<Link href="#/accounts">{words.accounts}</Link>} title={name} />
        <Problem error={error} again={() => void refetch()} />
      </>
    )
  }
  const asset = query.get('asset') ?? account.balances[0]?.asset ?? 'credit'
  const tab = query.get('tab') === 'holds' ? 'holds' : 'statement'
  const isHouse = name.startsWith('@')
  return (
    <>
      <PageHead
        above={<Link href="#/accounts">{words.accounts}</Link>}
        title={name}
        badge={<Badge word={isHouse ? 'house' : account.standing} />}
      >
        {!isHouse && <Actions account={account} asset={asset} />}
      </PageHead>
      {!isHouse && account.standing !== 'closed' && <Obstacles of={[GIVE, TAKE, STOP]} />}
      <div className="grid grid-cols-1 gap-5">
        <Standing account={account} />
        <div className={`grid grid-cols-1 gap-5 ${isHouse ? '' : 'lg:grid-cols-[minmax(0,1fr)_20rem]'}`}>
          <Balances account={account} asset={asset} tab={tab} />
          {!isHouse && <Affordable account={account} asset={asset} />}
        </div>
        {account.metadata !== null && (
          <Card title={words.metadata}>
            <Metadata metadata={account.metadata} />
          </Card>
        )}
        <section>
          <Tabs
            label={name}
            tabs={[
              {
                text: `${words.statement} (${asset})`,
                href: hrefOf(['accounts', name], { asset }),
                isCurrent: tab === 'statement',
              },
              {
                text: `${words.holds} (${asset})`,
                href: hrefOf(['accounts', name], { asset, tab: 'holds' }),
                isCurrent: tab === 'holds',
              },
            ]}
          />
          {tab === 'holds' ? (
            <AccountHolds name={name} asset={asset} query={query} />
          ) : (
            <Allowed needs={STATEMENT}>
              <Statement name={name} asset={asset} query={query} />
            </Allowed>
          )}
        </section>
      </div>
    </>
  )
}

function Standing({ account }: { readonly account: AccountWire }) {
  const words = useWords()
  if (account.standing === 'blocked') {
    return (
      <Notice tone="bad" title={words.blocked}>
        {words.blockedHint}
      </Notice>
    )
  }
  if (account.successor === null) return null
  return (
    <Notice tone="warn" title={words.mergedInto}>
      <AccountLink name={account.successor} />
    </Notice>
  )
}

function Balances({
  account,
  asset,
  tab,
}: {
  readonly account: AccountWire
  readonly asset: string
  readonly tab: string
}) {
  const words = useWords()
  return (
    <Card title={words.balances}>
      <ul className="grid grid-cols-1 gap-3 sm:grid-cols-2">
        {account.balances.map((balance) => {
          const isCurrent = balance.asset === asset
          return (
            <li key={balance.asset}>
              <a
                href={hrefOf(['accounts', account.account], { asset: balance.asset, tab: tab === 'holds' ? tab : '' })}
                aria-current={isCurrent ? 'true' : undefined}
                className={`block rounded-lg border p-4 ${isCurrent ? 'border-accent bg-accent-soft' : 'border-line hover:bg-sunken'}`}
              >
                <span className="text-[0.8125rem] text-muted">{balance.asset}</span>
                <span className="mt-0.5 block text-2xl font-semibold tracking-tight">
                  <Amount minor={balance.available} asset={balance.asset} />
                </span>
                <span className="text-[0.8125rem] text-muted">{words.available}</span>
                <span className="mt-3 flex flex-wrap gap-x-5 gap-y-1 text-sm">
                  <span>
                    <span className="text-muted">{words.held}</span>{' '}
                    <Amount minor={balance.held} asset={balance.asset} />
                  </span>
                  <span>
                    <span className="text-muted">{words.total}</span>{' '}
                    <Amount minor={balance.total} asset={balance.asset} />
                  </span>
                  <span>
                    <span className="text-muted">{words.floor}</span>{' '}
                    {balance.floor === null ? words.unlimited : <Amount minor={balance.floor} asset={balance.asset} />}
                  </span>
                </span>
              </a>
            </li>
          )
        })}
      </ul>
    </Card>
  )
}

type Chosen = 'deposit' | 'correction' | 'block' | 'unblock' | null

function Actions({ account, asset }: { readonly account: AccountWire; readonly asset: string }) {
  const words = useWords()
  const [chosen, setChosen] = useState<Chosen>(null)
  const close = (): void => setChosen(null)
  if (account.standing === 'closed') return null
  return (
    <>
      <ScopedButton needs={GIVE} look="main" onClick={() => setChosen('deposit')}>
        {words.deposit}
      </ScopedButton>
      <ScopedButton needs={TAKE} onClick={() => setChosen('correction')}>
        {words.correction}
      </ScopedButton>
      <ScopedButton needs={STOP} onClick={() => setChosen(account.standing === 'blocked' ? 'unblock' : 'block')}>
        {account.standing === 'blocked' ? words.unblock : words.block}
      </ScopedButton>
      {chosen === 'deposit' && <DepositAction account={account} asset={asset} onClose={close} />}
      {chosen === 'correction' && <CorrectionAction account={account} asset={asset} onClose={close} />}
      {chosen === 'block' && <BlockAction account={account.account} onClose={close} />}
      {chosen === 'unblock' && <UnblockAction account={account.account} onClose={close} />}
    </>
  )
}
