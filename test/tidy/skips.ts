/** Every test runs or has a reason for being skipped; none excludes the others. */
import type { CallExpression, Expression, ObjectExpression } from 'oxc-parser'
import { lineAt, visit, type Source, type Violation } from './source.ts'

const DECLARATIONS = new Set(['test', 'it', 'describe', 'suite'])
const REASONED = new Set(['skip', 'todo'])

export function skipViolations(sources: readonly Source[]): readonly Violation[] {
  return sources.flatMap((source) => {
    const violations: Violation[] = []
    const refuse = (what: string, offset: number): void => {
      violations.push(`${source.path}:${lineAt(source, offset)}: ${what}`)
    }
    visit(source, {
      CallExpression: (call) => {
        for (const what of troubleWith(call)) refuse(what, call.start)
      },
    })
    return violations
  })
}

function* troubleWith(call: CallExpression): Generator<string> {
  const { callee } = call
  if (callee.type === 'MemberExpression' && callee.property.type === 'Identifier') {
    const { name } = callee.property
    const isDeclaration = callee.object.type === 'Identifier' && DECLARATIONS.has(callee.object.name)
    if (isDeclaration && name === 'only') yield '.only keeps the other tests from running'
    if (isDeclaration && REASONED.has(name)) yield `.${name} takes no reason; use the option { ${name}: 'why' }`
    if (isContext(callee.object) && REASONED.has(name) && !isReason(call.arguments[0]))
      yield `${name}() without a reason`
  }
  if (declaredBy(callee) === null) return
  for (const argument of call.arguments) {
    if (argument.type === 'ObjectExpression') yield* troubleWithOptions(argument)
  }
}

function* troubleWithOptions(options: ObjectExpression): Generator<string> {
  for (const property of options.properties) {
    if (property.type !== 'Property' || property.key.type !== 'Identifier') continue
    const { name } = property.key
    if (name === 'only') yield '{ only } keeps the other tests from running'
    if (REASONED.has(name) && !isReason(property.value)) yield `{ ${name} } without a reason`
  }
}

/** The name of `test(…)`, `it(…)`, `t.test(…)` and similar calls; null for any other call. */
function declaredBy(callee: Expression): string | null {
  const name = callee.type === 'MemberExpression' ? callee.property : callee
  return name.type === 'Identifier' && DECLARATIONS.has(name.name) ? name.name : null
}

function isContext(object: Expression): boolean {
  return object.type === 'Identifier' && (object.name === 't' || object.name === 'context')
}

/** A string, or an expression that yields one; neither `true` nor nothing. */
function isReason(value: CallExpression['arguments'][number] | undefined): boolean {
  if (value === undefined) return false
  return value.type !== 'Literal' || value.value === false || (typeof value.value === 'string' && value.value !== '')
}
