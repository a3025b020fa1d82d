import type { ClientBase, QueryConfig, QueryResult } from 'pg'
import type { Row } from '../sql/values.ts'

/**
 * Sends statements together and waits until every one of them is answered.
 *
 * @throws the first statement's error that failed; those behind it in the same transaction only say that it had
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
