/** The language of the help and of messages about the command line. Answers, `--json` and generated documents do not depend on it. */
import { Option, type HelpConfiguration } from 'commander'

export const LANGUAGES = ['en', 'zh'] as const
export type Language = (typeof LANGUAGES)[number]

/** What another language than English puts in place of the program's own words. */
export interface Words {
  readonly help: HelpConfiguration
  /** What follows the help of the program. */
  readonly after: (english: string) => string
  /** A message about the command line. */
  readonly error: (english: string) => string
}

/** As the locale of a C program: the first of these that is set counts. */
const VARIABLES = ['LC_ALL', 'LC_MESSAGES', 'LANG'] as const

/** `--lang` before anything else; a wrong value of it is refused later, in English. */
export function languageOf(
  parameters: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Language {
  const asked = askedIn(parameters)
  if (asked !== null) return asked === 'zh' ? 'zh' : 'en'
  const locale = VARIABLES.map((name) => environment[name] ?? '').find((value) => value !== '') ?? ''
  return /^zh(?:[_.@-]|$)/i.test(locale) ? 'zh' : 'en'
}

function askedIn(parameters: readonly string[]): string | null {
  const end = parameters.indexOf('--')
  const before = end === -1 ? parameters : parameters.slice(0, end)
  const index = before.findLastIndex((word) => word === '--lang' || word.startsWith('--lang='))
  if (index === -1) return null
  const word = before[index]!
  return word === '--lang' ? (before[index + 1] ?? '') : word.slice('--lang='.length)
}

/** Read by `languageOf`: an option of the program, so that every command knows it. */
export function languageOption(): Option {
  const meaning =
    'language of the help and of messages about the command line (default: from LC_ALL, LC_MESSAGES, LANG)'
  return new Option('--lang <language>', meaning).choices(LANGUAGES)
}
