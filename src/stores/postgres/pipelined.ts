import type { ClientBase, QueryConfig, QueryResult } from 'pg'
import type { Row } from '../sql/values.ts'

/**
 * Sends statements together and waits until all of them are answered.
 *
 * @throws the error of the first statement that failed; those after it in the same transaction only report that failure
 */
export async function pipelined(
  client: ClientBase,
  statements: readonly QueryConfig<unknown[]>[],
): Promise<readonly QueryResult<Row>[]> {
  const answers = await Promise.allSettled(statements.map((statement) => client.query<Row, unknown[]>(statement)))
  return answers.map((answer) => {
    if (answer.status === 'rejected') throw answer.reason
    return answer.value
  })
}
