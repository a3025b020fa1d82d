/** JSON whose numbers stay the texts that they are in the file: `2.5e-06` must not become the binary number next to it. */
import { PriceFileError } from './price-file-error.ts'

type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown

/** @throws PriceFileError if the text is not JSON */
export function parseExactJson(text: string): unknown {
  const keepText: Reviver = (_key, value, { source }) => (typeof value === 'number' ? (source ?? String(value)) : value)
  try {
    // The types do not know the third argument yet; Node has it from 22 on.
    return JSON.parse(text, keepText as (key: string, value: unknown) => unknown) as unknown
  } catch (error) {
    throw new PriceFileError(`The file is not JSON: ${error instanceof Error ? error.message : String(error)}.`)
  }
}
