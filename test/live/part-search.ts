/**
 * Looks for parts of a list of units that explain what somebody saw. With a unit, everything that has to come before it is in the part,
 * too; whatever else happened does not matter to what was seen.
 */

export interface Parts {
  /** Everything that has to come before a unit and may not have happened yet, in its order; the unit itself is the last. */
  readonly completionOf: (unit: number) => readonly number[]
  /** When a unit had happened at the earliest, and at the latest. */
  readonly least: readonly number[]
  readonly most: readonly number[]
  /** Calls `look` as if these units had happened, too, and forgets them again. */
  readonly supposing: <Answer>(units: readonly number[], look: () => Answer) => Answer
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

/** Once a part is found that explains, so many others are looked at for one that differs. */
const OTHERS_MAX = 50

/** From when to when the part can have been all that had happened. */
interface Window {
  readonly from: number
  readonly until: number
}

/**
 * @param units that matter, each after those that come before it
 * @param partsMax so many are looked at
 */
export function searchParts(
  units: readonly number[],
  { from, until, partsMax }: Window & { readonly partsMax: number },
  parts: Parts,
): Found {
  const found: ReadonlySet<number>[] = []
  const refused = new Set<number>()
  const part = new Set<number>()
  const completions = new Map(units.map((unit) => [unit, parts.completionOf(unit)]))
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
      if (!parts.explains()) return true
      if (found.length === 0) left = Math.min(left, OTHERS_MAX)
      found.push(new Set(part))
      return true
    }
    // Something that comes later in the list may need it, and has it then.
    if (part.has(unit)) return walk(index + 1, { ...window, from: Math.max(window.from, parts.least[unit]!) })
    refused.add(unit)
    const isGoingOn = walk(index + 1, { ...window, until: Math.min(window.until, parts.most[unit]!) })
    refused.delete(unit)
    if (!isGoingOn) return false
    const completion = completions.get(unit)!.filter((each) => !part.has(each))
    if (completion.some((each) => refused.has(each))) return true
    for (const each of completion) part.add(each)
    const within = { ...window, from: Math.max(window.from, parts.least[unit]!) }
    const goesOn = parts.supposing(completion, () => walk(index + 1, within))
    for (const each of completion) part.delete(each)
    return goesOn
  }
}
