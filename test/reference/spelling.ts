/** Comparison of values by a canonical text. */
import { isDeepStrictEqual } from 'node:util'
import type { Command } from '../../src/domain/command.ts'

const contents = new WeakMap<Command, string>()

/** Two requests with equal contents have equal texts. */
export function contentsOf(command: Command): string {
  const known = contents.get(command) ?? spell(withoutConditions(command))
  contents.set(command, known)
  return known
}

/** When a command may be applied, and who gives it, is no part of what it does. */
function withoutConditions(command: Command): object {
  const conditions = { ifVersion: null, ifSteps: null, ifReplayed: null, givenBy: null }
  const { ifVersion: _, ifSteps: __, ifReplayed: ___, givenBy: _____, ...rest } = { ...conditions, ...command }
  if (!('legs' in rest) || rest.legs === null) return rest
  return { ...rest, legs: rest.legs.map(({ ifVersion: ____, ...leg }) => leg) }
}

/** Deep equality of rows or answers. */
export function isAlike(left: unknown, right: unknown): boolean {
  return isDeepStrictEqual(left, right)
}

/** Canonical JSON: fields sorted by name, amounts as decimals. */
export function spell(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (typeof part === 'bigint') return `${part}n`
    if (typeof part !== 'object' || part === null || Array.isArray(part)) return part
    return Object.fromEntries(Object.entries(part).sort(([left], [right]) => (left < right ? -1 : 1)))
  })
}
