/** Prices from a spreadsheet: CSV with the columns `provider`, `model` and any of the priced parts, in the units of a table. */
import { CsvError, parse } from 'csv-parse/sync'
import { PriceFileError } from './price-file-error.ts'
import { MODELS_MAX, PRICED_PARTS, type ModelPrices } from './price-table.ts'

const COLUMNS: readonly string[] = ['provider', 'model', 'outputTokensMax', ...PRICED_PARTS]
/** The largest size of a record. */
const RECORD_BYTES_MAX = 65_536

/**
 * The rows as models; an empty field is a price that the model does not have. `readPriceTable` checks the values.
 *
 * @throws PriceFileError with the line
 */
export function readPriceCsv(text: string): readonly ModelPrices[] {
  const [header, ...rows] = recordsOf(text)
  if (header === undefined) throw new PriceFileError('The file is empty.')
  for (const [index, name] of header.entries()) {
    if (!COLUMNS.includes(name))
      throw new PriceFileError(`Line 1: ${name} is no column; they are ${COLUMNS.join(', ')}.`)
    if (header.indexOf(name) !== index) throw new PriceFileError(`Line 1: there are two columns ${name}.`)
  }
  for (const name of ['provider', 'model']) {
    if (!header.includes(name)) throw new PriceFileError(`Line 1: there is no column ${name}.`)
  }
  return rows.map((fields) => modelOf(header, fields))
}

function modelOf(header: readonly string[], fields: readonly string[]): ModelPrices {
  const given = header
    .map((name, index) => [name, (fields[index] ?? '').trim()] as const)
    .filter(([, text]) => text !== '')
  const { outputTokensMax, ...texts } = Object.fromEntries(given)
  const max = outputTokensMax === undefined ? {} : { outputTokensMax: Number(outputTokensMax) }
  return { ...texts, ...max } as unknown as ModelPrices
}

function recordsOf(text: string): readonly (readonly string[])[] {
  const delimiter = [',', ';', '\t'].find((each) => text.split('\n', 1)[0]!.includes(each)) ?? ','
  try {
    return parse(text, {
      delimiter,
      bom: true,
      trim: true,
      skip_empty_lines: true,
      max_record_size: RECORD_BYTES_MAX,
      to: MODELS_MAX + 1,
    })
  } catch (error) {
    if (error instanceof CsvError) throw new PriceFileError(`The file is not CSV: ${error.message}`, { cause: error })
    throw error
  }
}
