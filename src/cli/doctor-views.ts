/** The findings of an examination as text. */
import type { Finding, Severity } from '../doctor/finding.ts'
import { listTable, styled } from './tables.ts'
import { visible } from './visible.ts'

const LABELS: Readonly<Record<Severity, string>> = {
  broken: 'BROKEN',
  risk: 'RISK',
  advice: 'ADVICE',
  fine: 'FINE',
}
const INDENT = '        '

/** One finding as a block of lines, without a line break at its end. */
function findingView({ severity, what, value, why, remedy, details }: Finding): string {
  const label = LABELS[severity].padEnd(INDENT.length)
  const style = severity === 'broken' || severity === 'risk' ? 'red' : 'bold'
  return [
    `${styled(style, label)}${styled('bold', visible(`${what}: ${value}`))}`,
    `${INDENT}${visible(why)}`,
    ...details.map((detail) => `${INDENT}- ${visible(detail)}`),
    ...(remedy === null ? [] : [`${INDENT}Do: ${visible(remedy)}`]),
  ].join('\n')
}

/** All findings: those that need somebody as blocks, the others as a table. */
export function findingsView(store: string, findings: readonly Finding[]): string {
  const open = findings.filter(({ severity }) => severity !== 'fine')
  const fine = findings.filter(({ severity }) => severity === 'fine')
  const parts = open.map(findingView)
  if (fine.length > 0) {
    parts.push(
      listTable(
        ['fine', 'found'],
        fine.map(({ what, value }) => [what, visible(value)]),
      ),
    )
  }
  return [...parts, verdictText(store, findings)].join('\n\n')
}

/** What differs from the examination before. */
export function changesView(
  at: string,
  { appeared, gone }: { readonly appeared: readonly Finding[]; readonly gone: readonly Finding[] },
): string {
  return [
    styled('dim', at),
    ...appeared.map((found) => `${styled('red', 'new')}\n${findingView(found)}`),
    ...gone.map(({ what, value }) => `${styled('green', 'gone')}    ${visible(`${what}: ${value}`)}`),
  ].join('\n')
}

function verdictText(store: string, findings: readonly Finding[]): string {
  const counts = (['broken', 'risk', 'advice'] as const)
    .map((severity) => [severity, findings.filter((found) => found.severity === severity).length] as const)
    .filter(([, count]) => count > 0)
    .map(([severity, count]) => `${count} ${COUNTED[severity][count === 1 ? 0 : 1]}`)
  if (counts.length === 0) return `Nothing to do for ${store}.`
  return `${store}: ${counts.join(', ')}.`
}

const COUNTED = {
  broken: ['thing is broken', 'things are broken'],
  risk: ['risk', 'risks'],
  advice: ['piece of advice', 'pieces of advice'],
} as const
