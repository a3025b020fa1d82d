/**
 * Searches for parts: sets of units that explain an answer. With each unit, a part contains every unit that has to come before it. Other
 * units do not matter to the answer.
 */

export interface Parts {
  /** The units that have to come before a unit and may not have happened yet, in order. The unit itself is the last one. */
  readonly completionOf: (unit: number) => readonly number[]
  /** The earliest and the latest tick at which each unit happened. */
  readonly least: readonly number[]
  readonly most: readonly number[]
  /** Calls `look` as if these units had happened as well, and then undoes them. */
  readonly supposing: <Answer>(units: readonly number[], look: () => Answer) => Answer
  /** Whether the units that have happened explain the answer. */
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

/** After the first part that explains, this many more are tried to find a different one. */
const OTHERS_MAX = 50

/** The time during which exactly the units of a part can have happened. */
interface Window {
  readonly from: number
  readonly until: number
}

/**
 * @param units the units that matter, each after those that come before it
 * @param partsMax the limit of parts that are tried
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

  /** @returns false when the search ended early */
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
    // The completion of another unit has already put this unit into the part.
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
