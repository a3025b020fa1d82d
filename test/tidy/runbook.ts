/** Every alert has a section in docs/runbook.md with all that the person on call needs, and says where it is. */
import type { Rule } from '../support/ops-files.ts'
import type { Violation } from './source.ts'

const PARTS = ['**Means:**', '**Look:**', '**Do:**', '**Over when**']
export const PARTS_IN_CHINESE = ['**含义：**', '**查看：**', '**处理：**', '**结束：**']

/** @param parts that each section has */
export function runbookViolations(
  alerts: readonly Pick<Rule, 'name' | 'text'>[],
  runbook: string,
  parts: readonly string[] = PARTS,
): readonly Violation[] {
  const sections = new Map(
    runbook.split(/^(?=#{2,3} )/m).flatMap((section) => {
      const [, name] = /^### (Holdfast[A-Z]\w*)$/m.exec(section) ?? []
      return name === undefined ? [] : [[name, section] as const]
    }),
  )
  const names = new Set(alerts.map(({ name }) => name))
  return [
    ...alerts.flatMap((alert) => troubleWith(alert, sections.get(alert.name), parts)),
    ...[...sections.keys()].filter((name) => !names.has(name)).map((name) => `the section ${name} has no alert`),
  ]
}

function troubleWith(
  { name, text }: Pick<Rule, 'name' | 'text'>,
  section: string | undefined,
  parts: readonly string[],
): readonly Violation[] {
  if (section === undefined) return [`${name} has no section`]
  const wanted: readonly (readonly [what: string, pattern: RegExp])[] = [
    ['severity', /severity: (critical|warning)\b/],
    ['summary', /\bsummary: ['"]\S/],
    ['description', /\bdescription: ['"]\S/],
    ['link to its section', new RegExp(`runbook_url: docs/runbook\\.md#${name.toLowerCase()}$`, 'm')],
  ]
  return [
    ...wanted.filter(([, pattern]) => !pattern.test(text)).map(([what]) => `${name} has no ${what}`),
    ...parts.filter((part) => !section.includes(part)).map((part) => `${name}: no ${part} in its section`),
  ]
}
