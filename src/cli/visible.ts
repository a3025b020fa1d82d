/** Texts that others wrote, as a terminal may show them. */

/** Control characters, and those that turn the direction of writing or begin another line. */
const INVISIBLE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/** What would move the cursor, hide what stands before it or ring is shown as its code: `\u{1b}`. */
export function visible(text: string): string {
  return text.replaceAll(INVISIBLE, codeOf)
}

/** The same for a text of several lines. */
export function visibleLines(text: string): string {
  return text.replaceAll(INVISIBLE, (character) => (character === '\n' ? character : codeOf(character)))
}

function codeOf(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16)}}`
}
