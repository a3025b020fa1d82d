/** The time of day can be set, so nothing may wait by it: whoever asks for it has a place in this list, and a reason. */
import { lineAt, isTest, visit, type Source, type Violation } from './source.ts'

const MAY_ASK: Readonly<Record<string, string>> = {
  'src/engine/clock.ts': 'the clock that the engine watches',
  'src/api/request-id.ts': 'ids that are made here begin with the time, for the order of the keys',
  'src/stores/sql/balance-ids.ts': 'numbers of balances follow the time, for the order of the keys',
  'src/stores/sqlite/migrations.ts': 'when a migration was made, to be read by people',
  'src/stores/mysql/migrations.ts': 'when a migration was made, to be read by people',
  'src/stores/postgres/migrations.ts': 'when a migration was made, to be read by people',
  'src/cli/commands/hold-lists.ts': 'how long holds have been open, to be read by people',
  'src/cli/commands/reconcile.ts': 'the age of holds, as the operator names it',
}

export function timeOfDayViolations(sources: readonly Source[]): readonly Violation[] {
  return sources.filter((source) => !isTest(source) && !Object.hasOwn(MAY_ASK, source.path)).flatMap(violationsOf)
}

function violationsOf(source: Source): readonly Violation[] {
  const violations: Violation[] = []
  const refuse = (start: number): void => {
    violations.push(`${source.path}:${lineAt(source, start)}: asks for the time of day; wait by performance.now()`)
  }
  visit(source, {
    MemberExpression: ({ object, property, start }) => {
      if (object.type === 'Identifier' && object.name === 'Date' && isNamed(property, 'now')) refuse(start)
    },
    NewExpression: ({ callee, arguments: given, start }) => {
      if (callee.type === 'Identifier' && callee.name === 'Date' && given.length === 0) refuse(start)
    },
  })
  return violations
}

function isNamed(property: { readonly type: string }, name: string): boolean {
  const { name: identifier, value } = property as { readonly name?: unknown; readonly value?: unknown }
  return identifier === name || value === name
}
