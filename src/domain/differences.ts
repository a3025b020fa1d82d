/** Which fields of a command differ from those of the command that used its request id first. */
import type { Command } from './command.ts'
import { canonicalMetadata, type Metadata } from './metadata.ts'
import type { Rejection } from './outcome.ts'

export type Differences = Pick<Extract<Rejection, { code: 'request_id_reused' }>, 'differs' | 'mayDiffer'>

/** Fields that are the same for every command under the request id, and what is no content: the conditions, what is wanted of a repeat, and who gives the command. */
const NOT_COMPARED: ReadonlySet<string> = new Set([
  'kind',
  'requestId',
  'ifVersion',
  'ifSteps',
  'ifReplayed',
  'givenBy',
])

/**
 * A fingerprint tells only that the contents differ. So the fields are compared with the stored ones, and what is not stored may differ.
 *
 * @param kept see `Rule`
 */
export function differencesOf(command: Command, kept: object | null): Differences {
  if (kept === null) return { differs: ['kind'], mayDiffer: [] }
  const sent: Readonly<Record<string, unknown>> = { ...command }
  const stored: Readonly<Record<string, unknown>> = { ...kept }
  const names = [...new Set([...Object.keys(sent), ...Object.keys(stored)])]
  const fields = names.filter((name) => !NOT_COMPARED.has(name)).sort()
  const differs = fields.filter((name) => stored[name] !== undefined && textOf(sent[name]) !== textOf(stored[name]))
  const unknown = fields.filter((name) => stored[name] === undefined)
  // The contents differ, so the only field that is left does.
  if (differs.length === 0 && unknown.length === 1) return { differs: unknown, mayDiffer: [] }
  return { differs, mayDiffer: unknown }
}

/** Equal for equal values: texts, amounts, null, metadata and other flat objects. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return `${typeof value} ${String(value)}`
  const fields = Object.entries(value).map(([name, field]) => [
    name,
    typeof field === 'bigint' ? `${field}` : (field as string),
  ])
  return canonicalMetadata(Object.fromEntries(fields) as Metadata)
}
