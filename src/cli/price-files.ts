/** Files of prices: tables of this format, and what can become one. */
import { readFileSync } from 'node:fs'
import { parseExactJson } from '../prices/exact-json.ts'
import { PriceBook } from '../prices/price-book.ts'
import { readPriceCsv } from '../prices/price-csv.ts'
import { PriceFileError } from '../prices/price-file-error.ts'
import { readPriceTable, recordOf, type ModelPrices, type PriceTable } from '../prices/price-table.ts'
import { publishedFormatOf, readPublished, type PublishedPrices } from '../prices/published.ts'

export const IMPORT_FORMATS = ['csv', 'json', 'models.dev', 'litellm'] as const
export type ImportFormat = (typeof IMPORT_FORMATS)[number]

/** The published lists have about 2 MB. */
const FILE_BYTES_MAX = 64 * 1_048_576

/** @throws PriceFileError */
export function readTableFile(path: string): PriceTable {
  const text = textOf(path)
  try {
    return readPriceTable(JSON.parse(text) as unknown, path)
  } catch (error) {
    throw error instanceof SyntaxError ? new PriceFileError(`${path} is not JSON: ${error.message}`) : error
  }
}

/** All versions of the prices. @throws PriceFileError */
export function readBookFiles(paths: readonly string[]): PriceBook {
  return new PriceBook(paths.map(readTableFile))
}

/**
 * The models of a file in any of the formats. Without a format, the name and the content of the file show it.
 *
 * @throws PriceFileError
 */
export function readModelsFile(
  path: string,
  given?: ImportFormat,
): PublishedPrices & { readonly format: ImportFormat } {
  const text = textOf(path)
  if (given === 'csv' || (given === undefined && /\.(csv|tsv)$/i.test(path))) {
    return { format: 'csv', models: readPriceCsv(text), omitted: [] }
  }
  const content = parseExactJson(text)
  const format = given ?? publishedFormatOf(content) ?? 'json'
  if (format !== 'json') return { format, ...readPublished(content, format) }
  const models = Array.isArray(content) ? content : recordOf(content)?.['models']
  if (!Array.isArray(models)) {
    throw new PriceFileError(`${path} has no list of models. Name its format: ${IMPORT_FORMATS.join(', ')}.`)
  }
  return { format, models: (models as readonly unknown[]).map(withWholeNumbers), omitted: [] }
}

/** Exact JSON has texts for numbers; token counts are numbers in a table. */
function withWholeNumbers(value: unknown): ModelPrices {
  const model = { ...recordOf(value) }
  if (typeof model['outputTokensMax'] === 'string') model['outputTokensMax'] = Number(model['outputTokensMax'])
  const long = recordOf(model['longPrompts'])
  if (long !== null) model['longPrompts'] = { ...long, aboveTokens: Number(long['aboveTokens']) }
  return model as unknown as ModelPrices
}

function textOf(path: string): string {
  let bytes: Buffer
  try {
    bytes = readFileSync(path)
  } catch (error) {
    throw new PriceFileError(`${path} cannot be read: ${error instanceof Error ? error.message : String(error)}`)
  }
  if (bytes.length > FILE_BYTES_MAX) throw new PriceFileError(`${path} has more than ${FILE_BYTES_MAX} bytes.`)
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new PriceFileError(`${path} is not UTF-8.`)
  }
}
