/** The key of this tab. It is kept in the tab's session storage, so closing the tab forgets it, and no other page has it. */
import { useSyncExternalStore } from 'react'

export interface Session {
  readonly key: string | null
  /** Whether the service asked for a key, or refused the one that there is. */
  readonly isRefused: boolean
}

const PLACE = 'holdfast.key'
const listeners = new Set<() => void>()
let session: Session = { key: stored(), isRefused: false }

function stored(): string | null {
  try {
    return sessionStorage.getItem(PLACE)
  } catch {
    return null
  }
}

export function currentKey(): string | null {
  return session.key
}

export function signIn(key: string): void {
  try {
    sessionStorage.setItem(PLACE, key)
  } catch {
    // The key lasts as long as the page then.
  }
  become({ key, isRefused: false })
}

export function signOut(): void {
  try {
    sessionStorage.removeItem(PLACE)
  } catch {
    // Nothing was kept.
  }
  become({ key: null, isRefused: true })
}

/** Called for every 401. */
export function refuseSession(): void {
  if (!session.isRefused) become({ ...session, isRefused: true })
}

function become(next: Session): void {
  session = next
  for (const listener of listeners) listener()
}

export function useSession(): Session {
  return useSyncExternalStore(listen, () => session)
}

function listen(changed: () => void): () => void {
  listeners.add(changed)
  return () => void listeners.delete(changed)
}
