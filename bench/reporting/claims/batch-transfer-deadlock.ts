/** The claims of the write-up about deadlocks in transfers. */
import { compare, deadlocksOf100, line, rate, ratioLine, type WriteUp } from './claim.ts'

export const batchTransferDeadlock: WriteUp = {
  title: 'Deadlocks in transfers',
  file: 'batch-transfer-deadlock',
  claims: [
    {
      title: 'Transfers that update accounts in the caller’s order deadlock',
      quote: 'A锁住uid 1行、B锁住uid 2行,此时出现死锁',
      lines: [
        line('transfer-unsorted, deadlocks per 100 calls', ['transfer', 'transfer-unsorted'], deadlocksOf100),
        line('transfer-unsorted', ['transfer', 'transfer-unsorted'], rate),
      ],
      holds: (find) => {
        const result = find('transfer', 'transfer-unsorted')
        return result === null || result.deadlocks === null ? null : result.deadlocks > 0
      },
      reason:
        'Each transfer locks eleven of fifty rows in random order, so almost every pair of transfers shares two rows. PostgreSQL looks for a cycle only after a second of waiting, so the other transactions wait that long. SQLite allows one writing transaction at a time.',
    },
    {
      title: 'Inserting the journal before updating the balances shortens the waits',
      quote: '转账中先插入流水,后更新余额,减少事务间锁等待',
      lines: [
        line('balances first', ['transfer', 'transfer-unsorted'], rate),
        line('journal first', ['transfer', 'transfer-journal-first'], rate),
        line('journal first, deadlocks per 100 calls', ['transfer', 'transfer-journal-first'], deadlocksOf100),
      ],
      holds: compare(
        ['transfer', 'transfer-journal-first', 'transfer-unsorted'],
        (after, before) => after.commandsPerSecond >= 1.2 * before.commandsPerSecond,
      ),
      reason:
        'The insert no longer runs while the locks are held, which removes one SQL statement of twelve from that time. The order of the accounts, which causes the cycles, does not change.',
    },
    {
      title: 'Updating accounts in the order of their keys ends the deadlocks',
      quote: '事务中批量更新,为避免死锁,需按主键排序,依次更新',
      lines: [
        line('transfer-sorted, deadlocks per 100 calls', ['transfer', 'transfer-sorted'], deadlocksOf100),
        line('transfer-sorted', ['transfer', 'transfer-sorted'], rate),
        ratioLine('sorted : unsorted', ['transfer', 'transfer-sorted', 'transfer-unsorted']),
      ],
      holds: (find) => {
        const result = find('transfer', 'transfer-sorted')
        return result === null || result.deadlocks === null ? null : result.deadlocks === 0
      },
      reason:
        'A waiting transaction holds only rows that sort before the row it waits for, so no cycle can form. The waiting remains: each transfer is a commit under eleven locks.',
    },
    {
      title: 'Fewer concurrent transactions conflict less',
      quote: '控制事务的并发量:…限流、队列控制等方式来减少并发请求冲击',
      lines: [
        line('unsorted, 50 in flight', ['transfer', 'transfer-unsorted'], rate),
        line('unsorted, 5 in flight', ['transfer-5', 'transfer-unsorted'], rate),
        line('unsorted, 5 in flight, deadlocks per 100 calls', ['transfer-5', 'transfer-unsorted'], deadlocksOf100),
        line('sorted, 5 in flight', ['transfer-5', 'transfer-sorted'], rate),
        line('Holdfast, 50 in flight', ['transfer', 'holdfast'], rate),
        ratioLine('Holdfast : sorted', ['transfer', 'holdfast', 'transfer-sorted']),
      ],
      holds: (find) => {
        const [few, many] = [find('transfer-5', 'transfer-unsorted'), find('transfer', 'transfer-unsorted')]
        return few === null || many === null ? null : few.commandsPerSecond > many.commandsPerSecond
      },
      reason:
        'Fewer pairs of transactions conflict. A single writer that puts all waiting transfers into one transaction conflicts with none, and commits once for all of them.',
    },
  ],
}
