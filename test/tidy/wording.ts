/** Documents and comments describe Holdfast, not how it was developed. */
import { proseLines } from './prose.ts'
import { commentsOf, type Source, type Violation } from './source.ts'

/** Issue numbers mean nothing outside of one tracker. */
const TRACKER = /\b(?:issue|ticket|pull request|PR) ?#? ?\d+|\(#\d+\)/i
const WORK_PROCESS = /\bsessions?\b|\bmy (?:task|brief)\b|\bas (?:requested|asked by)\b/i

export function wordingViolations(sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap((source) => {
    const isDocument = source.path.endsWith('.md')
    const lines = isDocument ? proseLines(source).map((text, index) => ({ text, line: index + 1 })) : commentsOf(source)
    // In a comment, "session" is a database session.
    const patterns = isDocument ? [TRACKER, WORK_PROCESS] : [TRACKER]
    return lines.flatMap(({ text, line }) => {
      const found = patterns.map((pattern) => pattern.exec(text)?.[0]).find((part) => part !== undefined)
      return found === undefined ? [] : [`${source.path}:${line}: "${found}"`]
    })
  })
}
