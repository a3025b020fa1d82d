/** A transaction of one text beside those of the engine, for what several processes may write at once. */
import { isContended } from '../../engine/store.ts'
import type { MysqlConnection } from './connection.ts'
import { classify, isGuard, MysqlFailure } from './errors.ts'
import { BEGIN, COMMIT, IS_PRIMARY, ROLLBACK, SAME_TRANSACTION } from './transactions.ts'

/**
 * Writes all of `statements`, or nothing if another process came first.
 *
 * @param before what is said before the transaction begins
 * @returns whether they were written
 */
export async function writeUnlessElsewhere(
  connection: MysqlConnection,
  statements: readonly string[],
  before: readonly string[] = [],
): Promise<boolean> {
  try {
    await connection.run([...before, ...BEGIN, ...statements, SAME_TRANSACTION, IS_PRIMARY, COMMIT])
    return true
  } catch (error) {
    if (!(error instanceof MysqlFailure)) throw error
    const failure = classify(error, connection.server.flavour)
    const isElsewhere = failure === 'stale' || isContended(failure)
    if (!isElsewhere || isGuard(error)) throw error
    await connection.run([ROLLBACK])
    return false
  }
}
