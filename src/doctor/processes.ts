/** The processes of Holdfast that use the database. */
import { whole } from '../stores/sql/values.ts'
import type { Examination, Question } from './examination.ts'
import { finding } from './finding.ts'
import { textOf } from './shown-values.ts'

/** @param question counts the connections by the host that they come from: `host`, `connections` */
export async function examineProcesses(examination: Examination, question: Question): Promise<void> {
  const rows = await examination.rows(question)
  if (rows === null) return
  const hosts = rows.map(({ host, connections }) => `${whole(connections)} from ${textOf(host ?? 'this machine')}`)
  examination.add(finding('processes.count', 'fine', { value: hosts.length === 0 ? 'none' : hosts.join(', ') }))
}

/** Stripes of house accounts that have balances. */
export async function examineStripes(examination: Examination): Promise<void> {
  const rows = await examination.rows({
    name: 'stripes of house accounts',
    text: `SELECT count(DISTINCT stripe) AS stripes, count(*) AS balances FROM balances WHERE account >= '@' AND account < 'A'`,
  })
  const row = rows?.[0]
  if (row === undefined) return
  const value = `${whole(row['stripes'])} in use, with ${whole(row['balances'])} balances of house accounts`
  examination.add(finding('house.stripes', 'fine', { value }))
}
