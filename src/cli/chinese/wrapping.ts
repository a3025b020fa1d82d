/** Lines of a terminal with Chinese text: a character takes two columns, and a line may end after any of them. */
import { stripVTControlCharacters } from 'node:util'

/** Han characters, their punctuation, and full-width forms. */
const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/gu

/** A word or a wide character, with the spaces before it and the punctuation after it that must not begin a line. */
const PIECES =
  /\s*(?:[\u2e80-\u2fff\u3040-\ua4cf\uf900-\ufaff]|（(?:[^\s\u2e80-\uffef]+|.)|[^\s\u2e80-\uffef（]+)[，。；：、）！？”]*|\s*[^\s]/gu

export function columnsOf(text: string): number {
  const plain = stripVTControlCharacters(text)
  return plain.length + (plain.match(WIDE)?.length ?? 0)
}

/** @param width in columns */
export function wrapChinese(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, width))
    .join('\n')
}

function wrapLine(line: string, width: number): string {
  const lines = ['']
  let used = 0
  for (const piece of line.match(PIECES) ?? []) {
    const columns = columnsOf(piece)
    if (used > 0 && used + columns > width) {
      const first = piece.trimStart()
      lines.push(first)
      used = columnsOf(first)
    } else {
      lines[lines.length - 1] += piece
      used += columns
    }
  }
  return lines.join('\n')
}
