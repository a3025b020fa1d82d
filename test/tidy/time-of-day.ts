/** The time of day can be set, so nothing may measure durations by it. Every use is listed here with its reason. */
import { lineAt, isTest, visit, type Source, type Violation } from './source.ts'

const MAY_ASK: Readonly<Record<string, string>> = {
  'src/access/key-ring.ts': 'when keys and tokens expire, and when a key was used, for people',
  'src/api/ledger-keys.ts': 'when keys are made and end',
  'src/api/token.ts': 'when tokens expire',
  'src/cli/key-views.ts': 'whether keys have expired, for people',
  'src/engine/clock.ts': 'the clock that the engine watches',
  'src/api/ledger-reads.ts': 'which day is today, for statistics',
  'src/api/statement.ts': 'up to which instant a file is whole',
  'src/api/request-id.ts': 'generated ids begin with the time, so that keys ascend',
  'src/stores/sql/balance-ids.ts': 'balance numbers follow the time, so that keys ascend',
  'src/stores/sqlite/migrations.ts': 'the date of a migration, for people',
  'src/stores/mysql/migrations.ts': 'the date of a migration, for people',
  'src/stores/postgres/migrations.ts': 'the date of a migration, for people',
  'src/cli/commands/doctor.ts': 'when something was found, for people',
  'src/cli/commands/hold-lists.ts': 'how long holds have been open, for people',
  'src/cli/commands/verify.ts': 'when the books were verified, for Prometheus',
  'src/cli/commands/prices.ts': 'which version of the prices is in force, for people',
  'src/prices/bill.ts': 'which version of the prices is in force',
  'src/cli/reconcile-options.ts': 'the age of holds, as given by the operator',
}

export function timeOfDayViolations(sources: readonly Source[]): readonly Violation[] {
  return sources.filter((source) => !isTest(source) && !Object.hasOwn(MAY_ASK, source.path)).flatMap(violationsOf)
}

function violationsOf(source: Source): readonly Violation[] {
  const violations: Violation[] = []
  const refuse = (start: number): void => {
    violations.push(
      `${source.path}:${lineAt(source, start)}: reads the time of day; measure durations by performance.now()`,
    )
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
