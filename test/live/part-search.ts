/** Looks for parts of a list of units that are complete: with every unit, what has to come before it is in the part, too. */

export interface Parts {
  /** Of each unit those that come right before it. */
  readonly befores: readonly (readonly number[])[]
  /** When a unit had happened at the earliest, and at the latest. */
  readonly least: readonly number[]
  readonly most: readonly number[]
  /** Calls `look` as if this unit had happened, too, and forgets it again. */
  readonly supposing: <Answer>(unit: number, look: () => Answer) => Answer
  /** Whether what has happened is what was seen. */
  readonly explains: () => boolean
}

export interface Found {
  /** Units of every part that explains; null when none does. */
  readonly always: ReadonlySet<number> | null
  /** Units of any part that explains. */
  readonly sometimes: ReadonlySet<number>
  /** Whether every part was tried. */
  readonly isWhole: boolean
}

/** From when to when the part can have been all that had happened. */
interface Window {
  readonly from: number
  readonly until: number
}

/**
 * @param units each after those that come before it
 * @param partsMax so many are looked at
 */
export function searchParts(
  units: readonly number[],
  { from, until, partsMax }: Window & { readonly partsMax: number },
  parts: Parts,
): Found {
  const found: ReadonlySet<number>[] = []
  const own = new Set(units)
  const part = new Set<number>()
  let left = partsMax
  const isWhole = walk(0, { from, until })
  const sometimes = new Set(found.flatMap((each) => [...each]))
  const [first, ...others] = found
  const always =
    first === undefined ? null : new Set([...first].filter((unit) => others.every((each) => each.has(unit))))
  return { always, sometimes, isWhole }

  /** False when it was left early. */
  function walk(index: number, window: Window): boolean {
    if (window.from > window.until) return true
    const unit = units[index]
    if (unit === undefined) {
      if (--left < 0) return false
      if (parts.explains()) found.push(new Set(part))
      return true
    }
    const without = { ...window, until: Math.min(window.until, parts.most[unit]!) }
    if (!walk(index + 1, without)) return false
    if (!parts.befores[unit]!.every((before) => !own.has(before) || part.has(before))) return true
    const within = { ...window, from: Math.max(window.from, parts.least[unit]!) }
    part.add(unit)
    const isGoingOn = parts.supposing(unit, () => walk(index + 1, within))
    part.delete(unit)
    return isGoingOn
  }
}
