/** Limits on the length of files and functions. */
import { lineAt, isTest, visit, type Source, type Violation } from './source.ts'

const FILE_LINES_MAX = 400
/** Tests are lists of independent items, so their files may be longer. */
const TEST_FILE_LINES_MAX = 600
const FUNCTION_LINES_MAX = 80

export function sizeViolations(sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap((source) => [...fileViolations(source), ...functionViolations(source)])
}

function fileViolations(source: Source): readonly Violation[] {
  const lines = source.text.replace(/\n$/, '').split('\n').length
  const most = isOfTests(source) ? TEST_FILE_LINES_MAX : FILE_LINES_MAX
  return lines > most ? [`${source.path}: ${lines} lines; at most ${most}`] : []
}

function functionViolations(source: Source): readonly Violation[] {
  if (isOfTests(source)) return []
  const violations: Violation[] = []
  const measure = (node: { readonly start: number; readonly end: number }): void => {
    const first = lineAt(source, node.start)
    const lines = lineAt(source, node.end) - first + 1
    if (lines > FUNCTION_LINES_MAX) {
      violations.push(`${source.path}:${first}: a function of ${lines} lines; at most ${FUNCTION_LINES_MAX}`)
    }
  }
  visit(source, { ArrowFunctionExpression: measure, FunctionDeclaration: measure, FunctionExpression: measure })
  return violations
}

function isOfTests(source: Source): boolean {
  return isTest(source) || source.path.startsWith('test/')
}
