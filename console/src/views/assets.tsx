/** The assets in figures, and the rates between them. */
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import type { AssetWire } from '../../../src/api/asset.ts'
import type { RateWire } from '../../../src/api/rate.ts'
import type { AssetStatsWire } from '../../../src/api/stats.ts'
import { hrefOf } from '../location.ts'
import { Card, PageHead } from '../parts/card.tsx'
import { Loading, Problem } from '../parts/notice.tsx'
import { PagedTable, Table, type Column } from '../parts/table.tsx'
import { Amount, Instant, Link } from '../parts/values.tsx'
import { rateHistory, rates, stats, useAssets } from '../queries.ts'
import { useWords } from '../words/words.ts'

interface Row extends AssetWire {
  readonly figures: AssetStatsWire | null
}

export function AssetsView() {
  const words = useWords()
  const { data, error, refetch } = useAssets()
  // A confined key may not read the figures; the assets are shown without them then.
  const figures = useQuery(stats(0)).data?.items ?? []
  const pages = useInfiniteQuery(rates())
  const rows = data?.items.map((asset) => ({
    ...asset,
    figures: figures.find((one) => one.asset === asset.code) ?? null,
  }))
  return (
    <>
      <PageHead title={words.assets} />
      <div className="grid grid-cols-1 gap-5">
        <Card isFlush>
          {error !== null && <Problem error={error} again={() => void refetch()} />}
          {rows === undefined ? (
            error === null && <Loading />
          ) : (
            <Table label={words.assets} columns={assetColumnsOf(words)} rows={rows} keyOf={({ code }) => code} />
          )}
        </Card>
        <Card title={words.rates} isFlush>
          <PagedTable
            label={words.rates}
            pages={pages}
            columns={rateColumnsOf(words, true)}
            keyOf={({ from, to }) => `${from} ${to}`}
            empty={[words.noRates, words.noRatesHint]}
          />
        </Card>
      </div>
    </>
  )
}

type Words = ReturnType<typeof useWords>

function assetColumnsOf(words: Words): readonly Column<Row>[] {
  const dash = <span className="text-muted">–</span>
  return [
    {
      name: words.asset,
      cell: ({ code, name }) => (
        <Link href={hrefOf(['accounts'], { asset: code })}>
          <span className="font-medium">{name}</span> {name !== code && <span className="text-muted">{code}</span>}
        </Link>
      ),
    },
    { name: words.decimals, isNumber: true, isMinor: true, cell: ({ decimals }) => decimals },
    {
      name: words.issued,
      isNumber: true,
      cell: ({ code, figures }) => (figures === null ? dash : <Amount minor={figures.issued} asset={code} />),
    },
    {
      name: words.held,
      isNumber: true,
      cell: ({ code, figures }) => (figures?.accounts ? <Amount minor={figures.accounts.held} asset={code} /> : dash),
    },
    { name: words.openHolds, isNumber: true, isMinor: true, cell: ({ figures }) => figures?.holdsOpen ?? dash },
    {
      name: words.accountCount,
      isNumber: true,
      isMinor: true,
      cell: ({ figures }) => figures?.accounts?.count ?? dash,
    },
    { name: words.created, isMinor: true, cell: ({ createdAt }) => <Instant at={createdAt} /> },
  ]
}

function rateColumnsOf(words: Words, hasHistory: boolean): readonly Column<RateWire>[] {
  return [
    { name: words.from, cell: ({ from }) => from },
    { name: words.to, cell: ({ to }) => to },
    {
      name: words.rate,
      isNumber: true,
      cell: ({ numerator, denominator }) => (
        <span className="figure">
          {numerator}:{denominator}
        </span>
      ),
    },
    {
      name: words.version,
      isNumber: true,
      cell: ({ from, to, version }) =>
        hasHistory ? <Link href={hrefOf(['rates', from, to])}>{version}</Link> : version,
    },
    { name: words.rounding, isMinor: true, cell: ({ rounding }) => rounding },
    { name: words.tolerance, isNumber: true, isMinor: true, cell: ({ tolerancePpm }) => `${tolerancePpm} ppm` },
    { name: words.declared, isMinor: true, cell: ({ declaredAt }) => <Instant at={declaredAt} /> },
  ]
}

export function RateHistoryView({ from, to }: { readonly from: string; readonly to: string }) {
  const words = useWords()
  const pages = useInfiniteQuery(rateHistory(from, to))
  return (
    <>
      <PageHead above={<Link href="#/assets">{words.assets}</Link>} title={words.rateHistory(from, to)} />
      <Card isFlush>
        <PagedTable
          label={words.history}
          pages={pages}
          columns={rateColumnsOf(words, false)}
          keyOf={({ version }) => String(version)}
          empty={[words.noRates, words.noRatesHint]}
        />
      </Card>
    </>
  )
}
