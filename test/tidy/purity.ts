/** The rules are pure: the same commands, rows and moment give the same decision. */
import { lineAt, isTest, visit, type Source, type Violation } from './source.ts'

/** Clocks, randomness, waiting and I/O. */
const IMPURE = new Set([
  'Date',
  'Promise',
  'console',
  'crypto',
  'fetch',
  'globalThis',
  'performance',
  'process',
  'queueMicrotask',
  'setImmediate',
  'setInterval',
  'setTimeout',
])

export function purityViolations(sources: readonly Source[]): readonly Violation[] {
  return sources.filter((source) => source.path.startsWith('src/domain/') && !isTest(source)).flatMap(violationsOf)
}

function violationsOf(source: Source): readonly Violation[] {
  const violations: Violation[] = []
  const refuse = (what: string, offset: number): void => {
    violations.push(`${source.path}:${lineAt(source, offset)}: the domain must not use ${what}`)
  }
  const refuseAsync = (node: { readonly async: boolean; readonly start: number }): void => {
    if (node.async) refuse('async', node.start)
  }
  visit(source, {
    Identifier: ({ name, start }) => {
      if (IMPURE.has(name)) refuse(name, start)
    },
    MemberExpression: ({ object, property, start }) => {
      const isMath = object.type === 'Identifier' && object.name === 'Math'
      if (isMath && !(property.type === 'Identifier' && property.name !== 'random')) refuse('Math.random', start)
    },
    ArrowFunctionExpression: refuseAsync,
    FunctionDeclaration: refuseAsync,
    FunctionExpression: refuseAsync,
  })
  return violations
}
