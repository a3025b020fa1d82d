/** The texts in the language that the viewer chose. */
import { usePreferences } from '../preferences.ts'
import { en, type Words } from './en.ts'
import { zh } from './zh.ts'

export type { Words }

export function useWords(): Words {
  return usePreferences().language === 'zh' ? zh : en
}

/** A word of the ledger, such as a state or a kind; itself if the console does not know it. */
export function wordFor(words: Words, word: string): string {
  const found = (words as unknown as Readonly<Record<string, unknown>>)[word]
  return typeof found === 'string' ? found : word
}

/** The words of the ledger are written small, as it writes them; some begin a line. */
export function capital(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1)
}
