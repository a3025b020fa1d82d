/** The console: which view an address shows. */
import { lazy, Suspense, useEffect, type ReactNode } from 'react'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { CallError } from './call.ts'
import { forgetChecks } from './checks.ts'
import { useObstacle, type Needs } from './caller.tsx'
import { useLocation, type Location } from './location.ts'
import { Frame } from './parts/frame.tsx'
import { PageHead } from './parts/card.tsx'
import { Loading, Notice } from './parts/notice.tsx'
import { Link } from './parts/values.tsx'
import { needsOf, PLACES } from './places.ts'
import { useSession } from './session.ts'
import { AccountView } from './views/account.tsx'
import { AccountsView } from './views/accounts.tsx'
import { AssetsView, RateHistoryView } from './views/assets.tsx'
import { ChecksView } from './views/checks.tsx'
import { ImportReportView } from './views/import-report.tsx'
import { ReconcileView } from './views/reconcile.tsx'
import { EntriesView } from './views/entries.tsx'
import { EntryView } from './views/entry.tsx'
import { FindView } from './views/find.tsx'
import { HoldView } from './views/hold.tsx'
import { HoldsView } from './views/holds.tsx'
import { KeysView } from './views/keys.tsx'
import { SettingsView } from './views/settings.tsx'
import { SignIn } from './views/sign-in.tsx'
import { useWords } from './words/words.ts'

/** The first view has the charts, which the others do not need. */
const OverviewView = lazy(() => import('./views/overview.tsx').then(({ OverviewView }) => ({ default: OverviewView })))

const RETRIES_MAX = 2

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 2_000,
      retry: (count, error) => count < RETRIES_MAX && error instanceof CallError && error.retryable,
      // A problem that is shown does not vanish while the view is read again.
      refetchOnWindowFocus: true,
    },
  },
})

export function App() {
  return (
    <QueryClientProvider client={client}>
      <Page />
    </QueryClientProvider>
  )
}

function Page() {
  const location = useLocation()
  const { isRefused } = useSession()
  const words = useWords()
  const [place, name] = location.steps
  useEffect(() => {
    const title =
      (place === 'checks' ? undefined : name) ??
      (place === undefined ? words.overview : (words[place as 'accounts'] ?? place))
    document.title = `${title} · Holdfast`
  }, [place, name, words])
  useEffect(() => {
    // Newer browsers answer with a promise, which is no clean-up.
    window.scrollTo(0, 0)
  }, [place, name])
  // What another key has read is not for this one.
  useEffect(() => {
    if (!isRefused) return
    client.clear()
    forgetChecks()
  }, [isRefused])
  if (isRefused) return <SignIn />
  return (
    <Frame>
      <Suspense fallback={<Loading />}>{viewOf(location) ?? <NoSuchView />}</Suspense>
    </Frame>
  )
}

function viewOf({ steps, query }: Location): ReactNode {
  const [place, one, two, ...more] = steps
  if (more.length > 0) return null
  if (place === 'rates' && one !== undefined && two !== undefined) return <RateHistoryView from={one} to={two} />
  if (two !== undefined) return null
  if (one !== undefined) {
    if (place === 'accounts') return <AccountView key={one} name={one} query={query} />
    if (place === 'holds') return <HoldView key={one} id={one} />
    if (place === 'entries') return <EntryView key={one} id={one} />
    const view = place === 'checks' ? checkAt(one, query) : null
    return view === null ? null : <List place="checks" needs={PLACES.checks} view={view} />
  }
  switch (place) {
    case undefined:
      return <OverviewView />
    case 'find':
      return <FindView text={query.get('text') ?? ''} />
    default: {
      const view = listAt(place, query)
      const needs = needsOf(place)
      return view === null || needs === null ? view : <List place={place} needs={needs} view={view} />
    }
  }
}

function checkAt(name: string, query: URLSearchParams): ReactNode {
  if (name === 'reconcile') return <ReconcileView query={query} />
  return name === 'import' ? <ImportReportView /> : null
}

function listAt(place: string, query: URLSearchParams): ReactNode {
  switch (place) {
    case 'accounts':
      return <AccountsView query={query} />
    case 'holds':
      return <HoldsView query={query} />
    case 'entries':
      return <EntriesView query={query} />
    case 'assets':
      return <AssetsView />
    case 'checks':
      return <ChecksView />
    case 'keys':
      return <KeysView />
    case 'settings':
      return <SettingsView />
    default:
      return null
  }
}

interface ListProps {
  readonly place: string
  readonly needs: Needs
  readonly view: ReactNode
}

function List({ place, needs, view }: ListProps) {
  const words = useWords()
  const obstacle = useObstacle()(needs)
  if (obstacle === null) return view
  return (
    <>
      <PageHead title={words[place as 'accounts']} />
      <Notice tone="quiet" title={words.notAllowed}>
        {obstacle}
      </Notice>
    </>
  )
}

function NoSuchView() {
  const words = useWords()
  return (
    <div>
      <PageHead title={words.noSuchView} />
      <p className="mb-2">{words.noSuchViewHint}</p>
      <p>
        <Link href="#/">{words.toOverview}</Link>
      </p>
    </div>
  )
}
