/** The claims of the write-up about lock timeouts in freezes. */
import {
  compare,
  deadlocksOf100,
  line,
  lockTimeouts,
  mean,
  p99,
  rate,
  ratioLine,
  retries,
  type WriteUp,
} from './claim.ts'

export const freezeLockTimeout: WriteUp = {
  title: 'Lock timeouts when freezing',
  file: 'freeze-lock-timeout',
  claims: [
    {
      title: 'Updating the balance before inserting the log takes a user from 50 to 500 requests a second',
      quote: '并发能力: ~50 QPS → ~500 QPS；行锁持有时间: ~200ms → ~10ms',
      lines: [
        line('insert-first', ['freeze-100', 'insert-first'], rate),
        line('update-first', ['freeze-100', 'update-first'], rate),
        ratioLine('update-first : insert-first', ['freeze-100', 'update-first', 'insert-first']),
        line('Holdfast', ['freeze-100', 'holdfast'], rate),
        line('insert-first, 10 ms after each statement', ['freeze-far', 'insert-first'], rate),
        line('update-first, 10 ms after each statement', ['freeze-far', 'update-first'], rate),
      ],
      holds: compare(
        ['freeze-100', 'update-first', 'insert-first'],
        (after, before) => after.commandsPerSecond >= 10 * before.commandsPerSecond,
      ),
      reason:
        'A row lock is kept until the commit, whatever follows the update. With the update first, the insert runs while the lock is held instead of before. Close to the database, the commit, which waits for the disk, is the larger part of that time in either order. Far from it, the new order holds the lock for one more SQL statement.',
    },
    {
      title: 'The insert holds a lock on the whole log table, and requests time out while they wait for it',
      quote: '请求A - INSERT freeze_log (获取 freeze_logs 表锁) … ❌ 超时: 请求A等待超过50秒',
      lines: [
        line('insert-first, lock timeouts', ['freeze-100', 'insert-first'], lockTimeouts),
        line('insert-first, p99', ['freeze-100', 'insert-first'], p99),
      ],
      holds: (find) => {
        const before = find('freeze-100', 'insert-first')
        return before === null || before.lockTimeouts === null ? null : before.lockTimeouts > 0
      },
      reason:
        'An insert locks its own row; the table lock is in a mode that other inserts share. Requests wait for the user’s row. A wait of 50 s requires a transaction that holds this row while it waits for something other than the database.',
    },
    {
      title: 'The old order is prone to deadlocks, the new one is not',
      quote: '死锁风险: 高 → 几乎为零',
      lines: [
        line('insert-first, deadlocks per 100 calls', ['freeze-100', 'insert-first'], deadlocksOf100),
        line('insert-first with a foreign key', ['freeze-100', 'insert-first-fk'], deadlocksOf100),
        line('update-first', ['freeze-100', 'update-first'], deadlocksOf100),
      ],
      holds: compare(
        ['freeze-100', 'insert-first', 'update-first'],
        (before, after) => (before.deadlocks ?? 0) > 0 && (after.deadlocks ?? 0) === 0,
      ),
      reason:
        'A transaction that waits for only one contended row cannot be part of a cycle. With a foreign key from the log to the user, the insert takes a shared lock on that row, and the update then needs an exclusive one: two such transactions wait for each other. PostgreSQL checks a foreign key under a lock that does not conflict with an update of other columns.',
    },
    {
      title: 'Three retries handle what still times out',
      quote: '自动重试，对上层透明；治标不治本，只是减少失败概率',
      lines: [
        line('update-first, lock timeouts', ['freeze-100', 'update-first'], lockTimeouts),
        line('update-first, retries per command', ['freeze-100', 'update-first'], retries),
      ],
      holds: null,
      reason:
        'A retry begins only after the wait for the lock has timed out, 50 s by default. When requests queue for one row, each waits as long as all those before it, and a retry goes to the end of the queue.',
    },
    {
      title: 'Optimistic locking does not suit this load',
      quote: '冲突率高时性能下降严重 … 不适合算力冻结场景（写多读少）',
      lines: [line('update-first', ['freeze-100', 'update-first'], rate), line('cas', ['freeze-100', 'cas'], rate)],
      holds: compare(
        ['freeze-100', 'cas', 'update-first'],
        (cas, other) => cas.commandsPerSecond < other.commandsPerSecond,
      ),
      reason:
        'Of all transactions that read the same version, one finds it unchanged. The others have waited for the row and then fail.',
    },
    {
      title: 'A lock per user in the process merges the user’s requests',
      quote: '添加请求合并: 对同一用户的并发请求进行合并 (asyncio.Lock)',
      lines: [
        line('update-first', ['freeze-100', 'update-first'], rate),
        line('user-queue', ['freeze-100', 'user-queue'], rate),
        line('update-first, 4 processes', ['processes', 'update-first'], rate),
        line('user-queue, 4 processes', ['processes', 'user-queue'], rate),
        line(
          'Holdfast, commands per transaction',
          ['freeze-100', 'holdfast'],
          ({ batchMean }) => batchMean?.toFixed(0) ?? null,
        ),
        line('Holdfast', ['freeze-100', 'holdfast'], rate),
      ],
      holds: compare(
        ['freeze-100', 'user-queue', 'update-first'],
        (queue, other) => queue.commandsPerSecond >= 2 * other.commandsPerSecond,
      ),
      reason:
        'Nothing is merged: every request still has its own transaction and its own commit. The requests only wait in the program instead of in the database. Merging means one transaction for all waiting requests.',
    },
    {
      title:
        'Accepted when 100 concurrent requests of one user see no lock timeout, a mean below 50 ms and no deadlock',
      quote: '单用户并发100请求，无锁超时；平均响应时间 < 50ms；无死锁发生',
      lines: [
        line('update-first, mean', ['freeze-100', 'update-first'], mean),
        line('cas, mean', ['freeze-100', 'cas'], mean),
        line('Holdfast, mean', ['freeze-100', 'holdfast'], mean),
      ],
      holds: (find) => {
        const after = find('freeze-100', 'update-first')
        if (after === null) return null
        return after.meanMs < 50 && (after.lockTimeouts ?? 0) === 0 && (after.deadlocks ?? 0) === 0
      },
      reason:
        'With one transaction per request, the hundredth request waits for 99 commits. The mean is about 50 commits, so the disk decides. With one transaction for all waiting requests, a request waits for one or two commits.',
    },
  ],
}
