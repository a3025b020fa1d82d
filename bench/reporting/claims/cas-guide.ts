/** The claims of the guide to compare-and-swap. */
import { shareText } from '../../output/numbers.ts'
import {
  attempt,
  attemptMs,
  compare,
  gaveUp,
  line,
  lockTimeouts,
  mean,
  p50,
  p99,
  rate,
  ratioLine,
  retries,
  type WriteUp,
} from './claim.ts'

export const casGuide: WriteUp = {
  title: 'Compare-and-swap',
  file: 'cas-guide',
  claims: [
    {
      title: 'Compare-and-swap does not wait: it fails immediately',
      quote: '无锁等待：CAS 失败立即返回，不会等待',
      lines: [
        line('alone, one attempt', ['freeze-1', 'cas'], attempt),
        line('100 in flight, one attempt', ['freeze-100', 'cas'], attempt),
        line('100 in flight, all attempts, p50', ['freeze-100', 'cas'], p50),
        line('row-lock, 100 in flight, p50', ['freeze-100', 'row-lock'], p50),
        line('Holdfast, 100 in flight, p50', ['freeze-100', 'holdfast'], p50),
      ],
      holds: (find) => {
        const [alone, among] = [find('freeze-1', 'cas'), find('freeze-100', 'cas')]
        return alone === null || among === null ? null : attemptMs(among) <= 2 * attemptMs(alone)
      },
      reason:
        'The update first waits for the row lock until the transaction that holds it commits. Only then does it compare the version, which has changed by that time.',
    },
    {
      title: 'A single request takes half the time',
      quote: '单个请求：性能提升 50% (10ms → 5ms)，减少 SELECT FOR UPDATE',
      lines: [
        line('row-lock, p50', ['freeze-1', 'row-lock'], p50),
        line('cas, p50', ['freeze-1', 'cas'], p50),
        line('Holdfast, p50', ['freeze-1', 'holdfast'], p50),
      ],
      holds: compare(['freeze-1', 'cas', 'row-lock'], (cas, lock) => cas.p50Ms <= lock.p50Ms / 2),
      reason:
        'A plain read of the version replaces the locking read: the number of SQL statements and round trips is the same, and so is the commit.',
    },
    {
      title: 'Ten concurrent requests take 85 % less time',
      quote: '10个并发：性能提升 85% (100ms → 15ms)',
      lines: [
        line('row-lock, mean', ['freeze-10', 'row-lock'], mean),
        line('cas, mean', ['freeze-10', 'cas'], mean),
        line('Holdfast, mean', ['freeze-10', 'holdfast'], mean),
      ],
      holds: compare(['freeze-10', 'cas', 'row-lock'], (cas, lock) => cas.meanMs <= lock.meanMs * 0.15),
      reason: 'Each round of ten has one winner. The other nine start again and wait for the same row.',
    },
    {
      title: 'More than 95 % of the swaps succeed, with fewer than 3 retries and 10 ms on average',
      quote: 'CAS 成功率 > 95%；平均重试次数 < 3 次；平均耗时 < 10ms',
      lines: [
        line('cas, swaps that succeed', ['freeze-100', 'cas'], ({ casSuccessRate }) =>
          casSuccessRate === null ? null : shareText(casSuccessRate),
        ),
        line('cas, retries per command', ['freeze-100', 'cas'], retries),
        line('cas, mean', ['freeze-100', 'cas'], mean),
      ],
      holds: (find) => {
        const cas = find('freeze-100', 'cas')
        if (cas === null || cas.casSuccessRate === null || cas.retriesPerCommand === null) return null
        return cas.casSuccessRate > 0.95 && cas.retriesPerCommand < 3 && cas.meanMs < 10
      },
      reason: 'With n concurrent requests for one row, about one swap in n succeeds.',
    },
    {
      title: 'Exhausting 50 retries is practically impossible',
      quote: '概率极低 … 同一用户的 50 个并发请求在 250ms 内完成概率接近 0',
      lines: [
        line('100 in flight: gave up', ['freeze-100', 'cas'], gaveUp),
        line('500 calls a second: gave up', ['life-open', 'cas'], gaveUp),
        line('500 calls a second: p99', ['life-open', 'cas'], p99),
      ],
      holds: (find) => {
        const results = [find('freeze-100', 'cas'), find('life-open', 'cas')].filter((result) => result !== null)
        return results.length === 0 ? null : results.every(({ errors }) => (errors['cas_exhausted'] ?? 0) === 0)
      },
      reason:
        'Losing is not a matter of chance. While requests keep arriving, each attempt meets as many rivals as the one before, and every lost attempt makes other requests more likely to lose.',
    },
    {
      title: 'Lock wait timeouts are eliminated',
      quote: '消除锁等待超时错误',
      lines: [
        line('row-lock, lock timeouts', ['freeze-100', 'row-lock'], lockTimeouts),
        line('cas, lock timeouts', ['freeze-100', 'cas'], lockTimeouts),
      ],
      holds: null,
      reason:
        'The swap waits for the same lock as before, so it can time out as before. At this load neither variant does: a transaction that does nothing else ends within milliseconds.',
    },
    {
      title: 'High concurrency is supported, 50 to 85 % faster',
      quote: '性能提升 50% - 85%；高并发支持',
      lines: [
        line('row-lock', ['freeze-100', 'row-lock'], rate),
        line('cas', ['freeze-100', 'cas'], rate),
        ratioLine('cas : row-lock', ['freeze-100', 'cas', 'row-lock']),
        ratioLine('Holdfast : cas', ['freeze-100', 'holdfast', 'cas']),
      ],
      holds: compare(
        ['freeze-100', 'cas', 'row-lock'],
        (cas, lock) => cas.commandsPerSecond >= 1.5 * lock.commandsPerSecond,
      ),
      reason: 'Every lost swap costs the database a transaction, and the row is locked for its whole duration.',
    },
  ],
}
