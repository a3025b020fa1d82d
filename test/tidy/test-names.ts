/** The names of the tests in a file, as far as they are literals. */
import type { CallExpression } from 'oxc-parser'
import { visit, type Source } from './source.ts'

const DECLARATIONS = new Set(['test', 'it', 'describe', 'suite'])

export interface TestNames {
  readonly literal: readonly string[]
  has(name: string): boolean
}

/** A template such as `describe(`the ${name} store`)` matches every name that it can produce. */
export function testNamesOf(source: Source): TestNames {
  const literal: string[] = []
  const patterns: RegExp[] = []
  visit(source, {
    CallExpression: (call) => {
      const name = nameIn(call)
      if (typeof name === 'string') literal.push(name)
      else if (name !== null) patterns.push(name)
    },
  })
  return { literal, has: (name) => literal.includes(name) || patterns.some((pattern) => pattern.test(name)) }
}

function nameIn({ callee, arguments: [first] }: CallExpression): string | RegExp | null {
  const declaration = callee.type === 'MemberExpression' ? callee.property : callee
  if (declaration.type !== 'Identifier' || !DECLARATIONS.has(declaration.name)) return null
  if (first?.type === 'Literal' && typeof first.value === 'string') return first.value
  if (first?.type !== 'TemplateLiteral') return null
  const parts = first.quasis.map(({ value }) => (value.cooked ?? '').replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`))
  // A name without a literal part would match every name.
  return parts.join('').trim() === '' ? null : new RegExp(`^${parts.join('.+')}$`, 's')
}
