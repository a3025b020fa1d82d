/** What answers say about their own call: whether it is a repeat, and the hold of a freeze as it is now. */

type Body = Readonly<Record<string, unknown>>

/** The answer of a repeat, as it follows from the first answer. @param current the hold as it is now; of a freeze whose hold is unchanged, the hold */
export function repeatOf<First extends object>(first: First, current: object | null = null): First & Body {
  const isFreeze = 'current' in first
  return { ...first, replayed: true, ...(isFreeze ? { current: current ?? plain(first) } : {}) }
}

/** The answer as it is in a list, in a history and in a batch. */
export function plain<Answer extends object>(answer: Answer): Omit<Answer, 'replayed' | 'current'> {
  const { replayed: _, current: _c, ...rest } = answer as Answer & Body
  return rest
}
