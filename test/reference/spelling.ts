/** Telling values apart: by one text for one value. */
import { isDeepStrictEqual } from 'node:util'
import type { Command } from '../../src/domain/command.ts'

const contents = new WeakMap<Command, string>()

/** Equal for two requests that ask for the same. */
export function contentsOf(command: Command): string {
  const known = contents.get(command) ?? spell(command)
  contents.set(command, known)
  return known
}

/** Whether two rows or answers are alike in every field. */
export function isAlike(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(left, right)
}

/** One text for one value: fields in the order of their names, amounts as decimals. */
export function spell(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
  })
}
