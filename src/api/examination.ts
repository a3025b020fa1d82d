/** What an examination of the database finds, and the laws that a verification goes through. */
import { named, nullableText, words } from './schema.ts'
import { type Static, Type } from './typebox.ts'

/** The worst first. `doctor` of the command line says what they mean. */
const SEVERITIES = ['broken', 'risk', 'advice', 'fine'] as const

const EXAMPLE = {
  id: 'clock',
  subject: null,
  severity: 'fine',
  what: 'Clock',
  value: 'within 2 ms of the database',
  why: 'Holds expire by this clock.',
  remedy: null,
  details: [],
}

const Found = Type.Object({
  id: Type.String({ description: 'Stable: the kind of the finding.' }),
  subject: nullableText({ description: 'Which one, where a database can have several, such as a setting or a table.' }),
  severity: words(SEVERITIES, {
    description:
      '`broken`: Holdfast does not work, or loses rows, until this is mended; `risk`: rows or time can be lost; `advice`; `fine`: was examined.',
  }),
  what: Type.String({ description: 'What was examined.' }),
  value: Type.String({ description: 'What was found.' }),
  why: Type.String({ description: 'Why it matters.' }),
  remedy: nullableText({ description: 'A statement, a setting or a command to type; null: there is nothing to do.' }),
  details: Type.Array(Type.String(), { description: 'Further facts.' }),
})

export const Examination = named(
  'Examination',
  Type.Object(
    {
      worst: words(SEVERITIES, { description: 'The severity of the first finding.' }),
      findings: Type.Array(Found, { description: 'The worst first.' }),
    },
    { description: 'What an examination of the database found.', examples: [{ worst: 'fine', findings: [EXAMPLE] }] },
  ),
)

export type FindingWire = Static<typeof Found>
export type ExaminationWire = Static<typeof Examination>

/** One line of a verification: a check that has begun or goes on, or its result; or the end. */
export type VerificationLine =
  | {
      readonly state: 'running' | 'done'
      /** As listed in docs/INVARIANTS.md. */
      readonly id: string
      readonly title: string
      /** From 1 to `count`. */
      readonly number: number
      readonly count: number
      /** Only when it is done: the first rows that break the law. */
      readonly violations?: readonly Readonly<Record<string, string>>[]
    }
  /** @field broken the number of checks that found a violation */
  | { readonly end: true; readonly checks: number; readonly broken: number }
  /** A problem, after which nothing comes. */
  | { readonly error: Readonly<Record<string, unknown>> }
