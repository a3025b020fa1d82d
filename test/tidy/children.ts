/** Tests start processes through `harness/children.ts`, which ends them with the test file. */
import { lineAt, visit, type Source, type Violation } from './source.ts'

const HELPER = 'harness/children.ts'
/** Functions that start a process without waiting for its end. */
const STARTS = new Set(['spawn', 'fork', 'exec', 'execFile'])

export function childViolations(sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap((source) => {
    if (source.path === HELPER) return []
    const violations: Violation[] = []
    visit(source, {
      ImportDeclaration: ({ source: from, importKind, specifiers, start }) => {
        if (!/^(node:)?child_process$/.test(from.value) || importKind === 'type') return
        for (const specifier of specifiers) {
          const isNamed = specifier.type === 'ImportSpecifier'
          if (isNamed && specifier.importKind === 'type') continue
          const name = isNamed && specifier.imported.type === 'Identifier' ? specifier.imported.name : '*'
          if (name !== '*' && !STARTS.has(name)) continue
          violations.push(`${source.path}:${lineAt(source, start)}: ${name} of child_process; use ${HELPER}`)
        }
      },
    })
    return violations
  })
}
