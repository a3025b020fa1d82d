/** The places of the console, and what each needs of the caller. */
import type { Needs } from './caller.tsx'
import type { IconName } from './parts/icon.tsx'

export type Place = Exclude<IconName, 'find' | 'arrow'>

/** In the order in which they are shown. Null: every caller. */
export const PLACES = {
  overview: null,
  accounts: { scopes: ['accounts:read'] },
  holds: { scopes: ['accounts:read'] },
  entries: { scopes: ['statements:read'], isAboutAll: true },
  assets: null,
  checks: { scopes: ['checks:read'], isAboutAll: true },
  keys: { scopes: ['keys:admin'] },
  settings: null,
} as const satisfies { readonly [Of in Place]: Needs | null }

/** What the list at a place needs; one thing of it may be seen by more callers. */
export function needsOf(place: string): Needs | null {
  return Object.hasOwn(PLACES, place) ? PLACES[place as Place] : null
}
