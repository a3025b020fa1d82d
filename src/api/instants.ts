/** Instants on the wire: ISO 8601 with milliseconds. */
import type { Instant } from '../domain/ids.ts'

/**
 * A cache of recently formatted or parsed instants. The commands of one batch share their instants, and formatting a date costs more
 * than the rest of a hold.
 */
const INSTANTS_MAX = 64
const texts = new Map<Instant, string>()
const instants = new Map<string, Instant>()

export function instantToWire(instant: Instant): string {
  return texts.get(instant) ?? remember(texts, instant, new Date(instant).toISOString())
}

export function instantFromWire(text: string): Instant {
  return instants.get(text) ?? remember(instants, text, Date.parse(text))
}

function remember<Key, Value>(map: Map<Key, Value>, key: Key, value: Value): Value {
  if (map.size >= INSTANTS_MAX) map.clear()
  map.set(key, value)
  return value
}
