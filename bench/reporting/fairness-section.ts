/** What quiet users experience beside a noisy one, as a section of the page. */
import type { FairnessRow } from '../fairness/figures.ts'
import { NOISE_NAMES, NOISES } from '../fairness/noises.ts'
import { SERVER_NAMES } from '../output/headline.ts'
import { msText, rateText, shareText } from '../output/numbers.ts'
import { escape, tableOf } from './html.ts'

export const FAIRNESS_ID = 'fairness'
export const FAIRNESS_TITLE = 'Quiet users beside a noisy one'
const COLUMNS = ['', 'connections', 'failed', 'p50', 'p99', 'max', 'noise served/s', '/healthz', 'bounds']

export function fairnessSection(rows: readonly FairnessRow[]): string {
  const stores = [...Map.groupBy(rows, ({ flavour }) => flavour)].map(([flavour, ofStore]) => {
    const inOrder = NOISE_NAMES.flatMap((name) => ofStore.filter(({ noise }) => noise === name))
    return `<h3>${SERVER_NAMES[flavour]} ${escape(ofStore[0]!.version)}</h3>\n${tableOf(COLUMNS, inOrder.map(cells))}`
  })
  return `<section id="${FAIRNESS_ID}"><h2>${escape(FAIRNESS_TITLE)}</h2>
<p>A hundred users who freeze once a second each, at moments fixed in advance, beside one noise at a time, made by
<code>npm run fairness</code>. Times are milliseconds, of the round with the median p99. Their p99 is to be at most three times that beside no noise, plus one commit, and
<code>/healthz</code> at most 250 ms. One commit is the mean of
that row's. The measuring shares the processors with the service and the database; the noise has what they leave.</p>
${stores.join('\n')}
</section>`
}

function cells({ noise, quiet, noisy, health, findings }: FairnessRow): readonly string[] {
  const { text, connecting } = NOISES[noise]
  const broken = findings.filter(({ ok }) => !ok).map(({ what, bound }) => `${what}: ${bound}`)
  return [
    escape(text),
    connecting,
    shareText(quiet.failedShare),
    ...[quiet.p50Ms, quiet.p99Ms, quiet.maxMs].map((ms) => (ms === null ? '' : msText(ms))),
    noise === 'none' || noise === 'none-new' ? '' : rateText(noisy.servedPerSecond),
    msText(health.longestMs),
    broken.length === 0 ? 'kept' : escape(broken.join('; ')),
  ]
}
