/** One field of a CSV file (RFC 4180) for spreadsheets. */

const FORMULA = /^['=+\-@\t\r\n＝＋－＠]/
const NEEDS_QUOTES = /[",\r\n]/

/** A text of a caller: an apostrophe before what a spreadsheet could read as a formula. Numbers must stay numbers: `-5` is not a formula. */
export function guarded(text: string): string {
  return FORMULA.test(text) ? `'${text}` : text
}

/** The text that `guarded` was given. */
export function unguarded(field: string): string {
  const text = field.slice(1)
  return field.startsWith("'") && FORMULA.test(text) ? text : field
}

/** In quotes where they are necessary. */
export function quoted(text: string): string {
  return NEEDS_QUOTES.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
