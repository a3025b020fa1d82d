/** Commits of a PostgreSQL database that its feed does not have yet. */
import { FEED_COMMITS_MAX } from '../../engine/reader.ts'
import type { Query } from '../sql/dialect.ts'
import type { MoveCommits } from '../sql/feed.ts'
import { isContended } from '../../engine/store.ts'
import { classify } from './errors.ts'

/**
 * One statement, so all of it or nothing. It does not wait for commits that are not visible yet. Two processes that do this at once collide
 * at a position, unless the second one began after the first had committed; then that one is visible to it.
 */
const MOVE = `WITH moved AS (
    DELETE FROM commits WHERE number IN (SELECT number FROM commits ORDER BY number LIMIT ${FEED_COMMITS_MAX})
    RETURNING number, entries
  ), fed AS (
    INSERT INTO feed (position, entries)
    SELECT (SELECT COALESCE(MAX(position), 0) FROM feed) + row_number() OVER (ORDER BY number), entries FROM moved
    RETURNING 1
  )
  SELECT count(*) AS count FROM fed`

export function moveCommits(query: Query): MoveCommits {
  return async () => {
    try {
      const [row] = await query(MOVE, [])
      return Number(row!['count'])
    } catch (error) {
      const failure = classify((error as Error).cause)
      if (failure === 'stale' || isContended(failure)) return 0
      throw error
    }
  }
}
