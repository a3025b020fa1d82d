/**
 * Parses JSON and refuses objects with duplicate names.
 *
 * `JSON.parse` silently keeps the last of two members with the same name. A request with two `amount`s is ambiguous, so it is
 * refused.
 */
import { LedgerError } from './error.ts'
import { escapePointer } from './input.ts'

/** Deeper than any valid input. */
const DEPTH_MAX = 16

/**
 * @param what the name of the text in error messages
 * @throws LedgerError `invalid_request`
 */
export function parseJsonText(text: string, what: string): unknown {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw LedgerError.invalid('', `${what} is not JSON: ${(error as SyntaxError).message}`)
  }
  // A duplicate name is counted twice in the text and once in the value.
  if (membersIn(value, what, 0) !== membersWritten(text)) {
    const pointer = findDuplicate(text)
    throw LedgerError.invalid(pointer, `${pointer} is given more than once.`)
  }
  return value
}

function membersIn(value: unknown, what: string, depth: number): number {
  if (typeof value !== 'object' || value === null) return 0
  if (depth === DEPTH_MAX) throw LedgerError.invalid('', `${what} is nested deeper than ${DEPTH_MAX} levels.`)
  let count = 0
  if (Array.isArray(value)) {
    for (const item of value) count += membersIn(item, what, depth + 1)
    return count
  }
  for (const name in value) {
    if (!Object.hasOwn(value, name)) continue
    count += 1 + membersIn((value as Record<string, unknown>)[name], what, depth + 1)
  }
  return count
}

/** The number of members of all objects in a valid JSON text: the strings that are followed by a colon. */
function membersWritten(text: string): number {
  let count = 0
  let start = text.indexOf('"')
  while (start !== -1) {
    const end = endOfString(text, start)
    if (text.charCodeAt(skipSpace(text, end)) === COLON) count += 1
    start = text.indexOf('"', end)
  }
  return count
}

const BACKSLASH = 92
const COLON = 58

/** The index after the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  let quote = text.indexOf('"', start + 1)
  while (isEscaped(text, quote)) quote = text.indexOf('"', quote + 1)
  return quote + 1
}

function isEscaped(text: string, quote: number): boolean {
  let first = quote
  while (text.charCodeAt(first - 1) === BACKSLASH) first -= 1
  return (quote - first) % 2 === 1
}

function skipSpace(text: string, from: number): number {
  let at = from
  while (text.charCodeAt(at) <= 32) at += 1
  return at
}

/** The pointer to the first duplicate member of a valid JSON text that has one. */
function findDuplicate(text: string): string {
  const path: { pointer: string; names: Set<string> | null; next: string; index: number }[] = []
  for (let at = 0; at < text.length; at++) {
    const top = path.at(-1)
    const char = text[at]
    if (char === '{' || char === '[') {
      const pointer =
        top === undefined ? '' : `${top.pointer}/${top.names === null ? top.index : escapePointer(top.next)}`
      path.push({ pointer, names: char === '{' ? new Set() : null, next: '', index: 0 })
    } else if (char === '}' || char === ']') {
      path.pop()
    } else if (char === ',' && top !== undefined) {
      top.index += 1
    } else if (char === '"') {
      const end = endOfString(text, at)
      if (top !== undefined && top.names !== null && text.charCodeAt(skipSpace(text, end)) === COLON) {
        const name = JSON.parse(text.slice(at, end)) as string
        if (top.names.has(name)) return `${top.pointer}/${escapePointer(name)}`
        top.names.add(name)
        top.next = name
      }
      at = end - 1
    }
  }
  return ''
}
