/** Pieces of the generated documents. */

const LINE_LENGTH_MAX = 125

/** The first column is aligned to the left, all others to the right. */
export function markdownTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map((_, index) => (index === 0 ? '---' : '---:')), ...rows]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n')
}

export function wrapped(text: string): string {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1)!
    if (last === '') lines[lines.length - 1] = word
    else if (last.length + 1 + word.length <= LINE_LENGTH_MAX) lines[lines.length - 1] = `${last} ${word}`
    else lines.push(word)
  }
  return lines.join('\n')
}

/** `10.11.19-MariaDB-0+deb12u1` is 10.11.19. */
export function shortVersion(version: string): string {
  return /^[0-9.]+/.exec(version)?.[0] ?? version
}

export interface Judged {
  readonly name: string
  /** Null where it was not run. */
  readonly holds: boolean | null
}

export function verdictOf(judged: readonly Judged[]): string {
  const yes = judged.filter((one) => one.holds === true).map(({ name }) => name)
  const no = judged.filter((one) => one.holds === false).map(({ name }) => name)
  if (yes.length === 0) return no.length === 0 ? 'Not run on InnoDB.' : 'It does not hold.'
  return no.length === 0 ? 'It holds.' : `It holds on ${yes.join(' and ')}, not on ${no.join(' and ')}.`
}
