/** Makes texts from other sources safe for a terminal. */

/** Control characters, and characters that change the writing direction or begin a new line. */
const INVISIBLE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029]/gu

/** Replaces characters that could move the cursor, hide text or ring the bell with their code: `\u{1b}`. */
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
