/** Reads the file of the users that are imported: one key per line. */
import { readFileSync } from 'node:fs'
import { MappingError } from './mapping-error.ts'

/** The largest number of chosen users, because their keys are kept in memory. */
const CHOSEN_USERS_MAX = 1_000_000

/** Returns each key once, in the order of the file. Blank lines are ignored. @throws MappingError */
export function readChosenUsers(path: string): readonly string[] {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path))
  } catch (error) {
    throw new MappingError(`The file of users cannot be read: ${(error as Error).message}`, { cause: error })
  }
  const lines = text.split('\n').map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line))
  const keys = [...new Set(lines.filter((line) => line !== ''))]
  if (keys.length === 0) throw new MappingError('The file of users is empty.')
  if (keys.length <= CHOSEN_USERS_MAX) return keys
  throw new MappingError(`The file of users has ${keys.length} keys; at most ${CHOSEN_USERS_MAX} are possible.`)
}
