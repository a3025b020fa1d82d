/** The text of a list, piece by piece: UTF-8, with or without a byte order mark. */
import { createReadStream } from 'node:fs'
import { ListError } from './list-error.ts'

/** @throws ListError */
export async function* textOfFile(path: string): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  try {
    for await (const bytes of createReadStream(path)) yield decoder.decode(bytes as Buffer, { stream: true })
    yield decoder.decode()
  } catch (error) {
    if (error instanceof TypeError) throw new ListError('The list is not UTF-8.', { cause: error })
    if (error instanceof Error && 'syscall' in error) {
      throw new ListError(`The list cannot be read: ${error.message}`, { cause: error })
    }
    throw error
  }
}

/** The largest length of a first line. A longer one is cut. */
const FIRST_LINE_CHARACTERS_MAX = 65_536

/** The first line of a text, and the whole text again. */
export async function firstLineOf(
  text: AsyncIterable<string>,
): Promise<{ readonly line: string; readonly text: AsyncIterable<string> }> {
  const pieces = text[Symbol.asyncIterator]()
  let read = ''
  let isAll = false
  while (!isAll && !read.trimStart().includes('\n') && read.length < FIRST_LINE_CHARACTERS_MAX) {
    const piece = await pieces.next()
    if (piece.done === true) isAll = true
    else read += piece.value
  }
  const line = read.trimStart().split('\n', 1)[0]!.slice(0, FIRST_LINE_CHARACTERS_MAX)
  async function* again(): AsyncGenerator<string> {
    yield read
    if (!isAll) yield* { [Symbol.asyncIterator]: () => pieces }
  }
  return { line, text: again() }
}
