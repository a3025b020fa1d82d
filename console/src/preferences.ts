/** What the viewer chose: language, colours, and the zone in which times are shown. Kept in this browser. */
import { useSyncExternalStore } from 'react'

export const LANGUAGES = ['en', 'zh'] as const
export const THEMES = ['system', 'light', 'dark'] as const
export const ZONES = ['local', 'utc'] as const

export interface Preferences {
  readonly language: (typeof LANGUAGES)[number]
  readonly theme: (typeof THEMES)[number]
  readonly zone: (typeof ZONES)[number]
}

const PLACE = 'holdfast.console'
const listeners = new Set<() => void>()
let current = read()

function read(): Preferences {
  const stored = fromStorage()
  return {
    language: oneOf(LANGUAGES, stored['language']) ?? (navigator.language.toLowerCase().startsWith('zh') ? 'zh' : 'en'),
    theme: oneOf(THEMES, stored['theme']) ?? 'system',
    zone: oneOf(ZONES, stored['zone']) ?? 'local',
  }
}

/** A browser may refuse its storage, and somebody may have written into it. */
function fromStorage(): Readonly<Record<string, unknown>> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(PLACE) ?? '{}')
    return typeof stored === 'object' && stored !== null ? (stored as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

function oneOf<Word extends string>(words: readonly Word[], value: unknown): Word | null {
  return words.find((word) => word === value) ?? null
}

export function setPreferences(change: Partial<Preferences>): void {
  current = { ...current, ...change }
  try {
    localStorage.setItem(PLACE, JSON.stringify(current))
  } catch {
    // They last as long as the page then.
  }
  applyPreferences()
  for (const listener of listeners) listener()
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(listen, () => current)
}

function listen(changed: () => void): () => void {
  listeners.add(changed)
  return () => void listeners.delete(changed)
}

/** Sets what the style sheet and screen readers look at. */
export function applyPreferences(): void {
  const { documentElement: page } = document
  page.lang = current.language === 'zh' ? 'zh-CN' : 'en'
  if (current.theme === 'system') delete page.dataset['theme']
  else page.dataset['theme'] = current.theme
}
