/** Commits of a MySQL or MariaDB database that its feed does not have yet. */
import { PAGE_BYTES_MAX } from '../../domain/page.ts'
import { FEED_COMMITS_MAX } from '../../engine/reader.ts'
import { rowsWithin } from '../page-bytes.ts'
import { whole } from '../sql/values.ts'
import type { MysqlConnection } from './connection.ts'
import { literals } from './literals.ts'
import { writeUnlessElsewhere } from './short-transaction.ts'

/** The end of the feed is read before the commits: a process that moves the same ones meanwhile takes the positions that follow it. */
const SELECT_END = 'SELECT COALESCE(MAX(position), 0) AS position FROM feed'
const SELECT_COMMITS = `SELECT number, entries FROM commits ORDER BY number LIMIT ${FEED_COMMITS_MAX}`

/**
 * Moves visible commits to the end of the feed, in one transaction. Returns how many.
 *
 * The commits are deleted by their numbers, not as a range: a range would wait for every commit under way. Two processes that move at once
 * collide at the first position, because both found the same end.
 */
export async function moveCommits(connection: MysqlConnection): Promise<number> {
  const [end, found] = await connection.run([SELECT_END, SELECT_COMMITS])
  // One text, which is shorter than any server's limit.
  const commits = rowsWithin(found!.rows, (row) => String(row['entries']).length + 20, PAGE_BYTES_MAX)
  if (commits.length === 0) return 0
  const first = whole(end!.rows[0]!['position']) + 1
  const numbers = literals(commits.map((row) => whole(row['number'])))
  const rows = commits.map((row, index) => `(${literals([first + index, String(row['entries'])])})`)
  const statements = [
    `INSERT INTO feed (position, entries) VALUES ${rows.join(',')}`,
    `DELETE c FROM commits c FORCE INDEX (PRIMARY) WHERE c.number IN (${numbers})`,
  ]
  const before = ['SET TRANSACTION ISOLATION LEVEL READ COMMITTED']
  if (!(await writeUnlessElsewhere(connection, statements, before))) return 0
  return commits.length === found!.rows.length ? commits.length : FEED_COMMITS_MAX
}
