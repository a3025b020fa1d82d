/**
 * The address of a view: what follows the `#`, a path and a query, such as `#/accounts/user:8?asset=gold`.
 *
 * The service answers one page, at its root, whatever path a proxy puts before it; and names of accounts do not get into the logs of
 * servers. Names can have any printable character, so each step of a path is percent-encoded.
 */
import { useSyncExternalStore } from 'react'

export interface Location {
  /** Decoded: `['accounts', 'user:8']`. */
  readonly steps: readonly string[]
  readonly query: URLSearchParams
}

type Query = Readonly<Record<string, string | null | undefined>>

/** @param query entries without a value, or with an empty one, are left out */
export function hrefOf(steps: readonly string[], query: Query = {}): string {
  const parameters = new URLSearchParams()
  for (const [name, value] of Object.entries(query))
    if (value !== null && value !== undefined && value !== '') parameters.set(name, value)
  const tail = parameters.size === 0 ? '' : `?${readable(parameters.toString())}`
  return `#/${steps.map((step) => readable(encodeURIComponent(step))).join('/')}${tail}`
}

/** Most names have these two, and no part of an address reads them otherwise. */
function readable(encoded: string): string {
  return encoded.replaceAll('%3A', ':').replaceAll('%40', '@')
}

export function locationIn(hash: string): Location {
  const [path = '', query = ''] = splitOnce(hash.replace(/^#\/?/, ''), '?')
  return { steps: path === '' ? [] : path.split('/').map(decoded), query: new URLSearchParams(query) }
}

function splitOnce(text: string, separator: string): readonly string[] {
  const at = text.indexOf(separator)
  return at === -1 ? [text] : [text.slice(0, at), text.slice(at + 1)]
}

/** An address that somebody mistyped is shown as it is. */
function decoded(step: string): string {
  try {
    return decodeURIComponent(step)
  } catch {
    return step
  }
}

export function useLocation(): Location {
  const hash = useSyncExternalStore(watch, () => window.location.hash)
  return locationIn(hash)
}

function watch(changed: () => void): () => void {
  window.addEventListener('hashchange', changed)
  return () => window.removeEventListener('hashchange', changed)
}

/** @param replace whether the place before is left out of the history, as for a filter while it is typed */
export function go(href: string, replace = false): void {
  if (href === window.location.hash) return
  if (!replace) return void (window.location.hash = href)
  window.history.replaceState(null, '', href)
  window.dispatchEvent(new HashChangeEvent('hashchange'))
}
