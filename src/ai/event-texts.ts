/** The events of a stream of server-sent events, as the texts that they are, so that they can be passed on unchanged. */

/** The largest event, in characters. A longer one is an error: nothing may grow without a bound. */
const EVENT_LENGTH_MAX = 4 * 1_048_576

const END = /\r\n\r\n|\n\n|\r\r/

/** Each text ends with its blank line, except a last one that was cut. */
export function eventTexts(bytes: ReadableStream<Uint8Array<ArrayBuffer>>): ReadableStream<string> {
  let rest = ''
  const splitter = new TransformStream<string, string>({
    transform(text, controller) {
      rest += text
      for (let end = END.exec(rest); end !== null; end = END.exec(rest)) {
        const length = end.index + end[0].length
        controller.enqueue(rest.slice(0, length))
        rest = rest.slice(length)
      }
      if (rest.length > EVENT_LENGTH_MAX) {
        controller.error(new RangeError(`An event of the provider has more than ${EVENT_LENGTH_MAX} characters.`))
      }
    },
    flush(controller) {
      if (rest !== '') controller.enqueue(rest)
    },
  })
  return bytes.pipeThrough(new TextDecoderStream()).pipeThrough(splitter)
}

/** The data of an event: its lines `data:`, joined. Empty for a comment. */
export function dataOf(event: string): string {
  return event
    .split(/\r\n|\n|\r/)
    .filter((line) => line.startsWith('data:'))
    .map((line) => line.slice(line.startsWith('data: ') ? 6 : 5))
    .join('\n')
}
