/** How the service and the ledger are, at a glance. */
import { useQuery } from '@tanstack/react-query'
import type { ReadinessWire } from '../../../src/api/outcome-schemas.ts'
import type { AssetStatsWire } from '../../../src/api/stats.ts'
import { Allowed, type Needs } from '../caller.tsx'
import { hrefOf } from '../location.ts'
import { Card, PageHead } from '../parts/card.tsx'
import { Chart } from '../parts/chart.tsx'
import { Loading, Notice, Problem } from '../parts/notice.tsx'
import { Amount, Badge, Link } from '../parts/values.tsx'
import { readiness, stats, useDecimals } from '../queries.ts'
import { useWords } from '../words/words.ts'
import { LiveFigures } from './live-figures.tsx'

const DAYS = 14
const LIVE: Needs = { scopes: ['metrics:read'] }
const FIGURES: Needs = { scopes: ['statements:read'], isAboutAll: true }

export function OverviewView() {
  const words = useWords()
  const ready = useQuery(readiness)
  return (
    <>
      <PageHead title={words.overview} badge={ready.data !== undefined && <Badge word="ready" tone="active" />} />
      <div className="grid grid-cols-1 gap-5">
        <Health ready={ready.data} error={ready.error} />
        <Allowed needs={LIVE}>
          <LiveFigures />
        </Allowed>
        <Allowed needs={FIGURES}>
          <AllFigures />
        </Allowed>
      </div>
    </>
  )
}

function AllFigures() {
  const figures = useQuery(stats(DAYS))
  if (figures.isPending) return <Loading />
  if (figures.error !== null) return <Problem error={figures.error} again={() => void figures.refetch()} />
  return figures.data.items.map((one) => <AssetFigures key={one.asset} figures={one} />)
}

/** Silent while all is well. */
function Health({ ready, error }: { readonly ready: ReadinessWire | undefined; readonly error: unknown }) {
  const words = useWords()
  if (error !== null) {
    return (
      <div>
        <h2 className="sr-only">{words.notReady}</h2>
        <Problem error={error} />
      </div>
    )
  }
  if (ready === undefined || ready.warnings.length === 0) return null
  return (
    <Notice tone="warn" title={words.warnings}>
      <ul className="list-disc pl-5">
        {ready.warnings.map((warning) => (
          <li key={warning}>{warning}</li>
        ))}
      </ul>
    </Notice>
  )
}

function AssetFigures({ figures }: { readonly figures: AssetStatsWire }) {
  const words = useWords()
  const { asset, issued, accounts, holdsOpen, days } = figures
  const decimals = useDecimals(asset) ?? 0
  const today = days.at(-1)
  const series = [
    { name: words.earnedToday, colour: '--accent', values: days.map(({ earned }) => Number(earned) / 10 ** decimals) },
  ]
  return (
    <Card title={asset} aside={<Link href={hrefOf(['accounts'], { asset })}>{words.accounts}</Link>}>
      <div className="grid grid-cols-1 gap-6 lg:grid-cols-[18rem_minmax(0,1fr)]">
        <dl className="grid grid-cols-2 content-start gap-x-4 gap-y-4">
          <Sum name={words.earnedToday} minor={today?.earned} asset={asset} isLarge />
          <Sum name={words.issuedToday} minor={today?.issued} asset={asset} isLarge />
          <Sum name={words.issued} minor={issued} asset={asset} />
          <Sum name={words.held} minor={accounts?.held} asset={asset} />
          <Count name={words.openHolds} count={holdsOpen} />
          <Count name={words.accountCount} count={accounts?.count ?? null} />
        </dl>
        <div className="min-w-0">
          <p className="mb-1 text-[0.8125rem] text-muted">{words.lastDays(days.length)}</p>
          <Chart
            label={words.lastDays(days.length)}
            times={days.map(({ from }) => Date.parse(from) / 1_000)}
            series={series}
            isOfDays
          />
        </div>
      </div>
    </Card>
  )
}

function Sum({
  name,
  minor,
  asset,
  isLarge = false,
}: {
  readonly name: string
  readonly minor: string | undefined
  readonly asset: string
  readonly isLarge?: boolean
}) {
  const words = useWords()
  return (
    <div>
      <dt className="text-[0.8125rem] text-muted">{name}</dt>
      <dd className={isLarge ? 'text-xl font-semibold tracking-tight' : ''}>
        {minor === undefined ? words.tooMany : <Amount minor={minor} asset={asset} />}
      </dd>
    </div>
  )
}

function Count({ name, count }: { readonly name: string; readonly count: number | null }) {
  const words = useWords()
  return (
    <div>
      <dt className="text-[0.8125rem] text-muted">{name}</dt>
      <dd className="figure">{count === null ? words.tooMany : count.toLocaleString('en')}</dd>
    </div>
  )
}
