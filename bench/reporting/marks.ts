/** A generated part of a document, between two marker lines. */

export interface Marks {
  readonly begin: string
  readonly end: string
}

/** Replaces the text between the marks. @throws Error when the marks are missing */
export function withTextBetween(document: string, { begin, end }: Marks, text: string, path: string): string {
  const { before, after } = partsOf(document, { begin, end }, path)
  return `${before}${begin}\n${text}\n${end}${after}`
}

/** The text between the marks. @throws Error when the marks are missing */
export function textBetween(document: string, marks: Marks, path: string): string {
  return partsOf(document, marks, path).between
}

function partsOf(
  document: string,
  { begin, end }: Marks,
  path: string,
): { readonly before: string; readonly between: string; readonly after: string } {
  const [before, between, ...more] = document.split(begin)
  const [inside, after, ...others] = (between ?? '').split(end)
  if (before === undefined || inside === undefined || after === undefined || more.length + others.length > 0) {
    throw new Error(`${path} has no place for the figures: a line "${begin}" and, below it, a line "${end}".`)
  }
  return { before, between: inside, after }
}
