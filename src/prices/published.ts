/**
 * Prices as others publish them. Both formats are in US dollars; what has no price there, or a price that is not understood, is left out
 * and counted, because a model without a price is refused when it is called.
 */
import { decimalOf, fractionOf, times } from './fraction.ts'
import { PriceFileError } from './price-file-error.ts'
import { PRICED_PARTS, recordOf, type ModelPrices, type PricedPart, type Prices } from './price-table.ts'

export const PUBLISHED_FORMATS = ['models.dev', 'litellm'] as const
export type PublishedFormat = (typeof PUBLISHED_FORMATS)[number]

export interface PublishedPrices {
  readonly models: readonly ModelPrices[]
  /** What was left out, with the reason. */
  readonly omitted: readonly { readonly name: string; readonly reason: string }[]
}

/** @param content of `parseExactJson`: numbers are texts. @throws PriceFileError if it is not of the format at all */
export function readPublished(content: unknown, format: PublishedFormat): PublishedPrices {
  const root = recordOf(content)
  if (root === null) throw new PriceFileError(`The prices of ${format} are a JSON object.`)
  const read = format === 'litellm' ? liteLlmModels(root) : modelsDevModels(root)
  if (read.models.length === 0) throw new PriceFileError(`The file has no price in the format of ${format}.`)
  return read
}

/** The format by its shape: entries with `litellm_provider`, or providers that have `models`. Null if it is neither. */
export function publishedFormatOf(content: unknown): PublishedFormat | null {
  const entries = Object.values(recordOf(content) ?? {}).map(recordOf)
  if (entries.some((each) => typeof each?.['litellm_provider'] === 'string')) return 'litellm'
  if (entries.some((each) => recordOf(each?.['models']) !== null)) return 'models.dev'
  return null
}

/** models.dev: `cost` per million tokens. */
const MODELS_DEV: Columns = {
  input: 'input',
  cacheRead: 'cache_read',
  cacheWrite: 'cache_write',
  output: 'output',
  reasoning: 'reasoning',
}
const MODELS_DEV_LONG = /^context_over_(\d+)k$/

function modelsDevModels(root: Entry): PublishedPrices {
  const collected = new Collected()
  for (const [provider, entry] of Object.entries(root)) {
    for (const [model, value] of Object.entries(recordOf(recordOf(entry)?.['models']) ?? {})) {
      const cost = recordOf(recordOf(value)?.['cost']) ?? {}
      const max = recordOf(recordOf(value)?.['limit'])?.['output']
      collected.add({ provider, model, max }, () => {
        const tiers = Object.keys(cost).flatMap((key) => MODELS_DEV_LONG.exec(key)?.[1] ?? [])
        const long = oneOf(tiers)
        const prices = pricesIn(cost, MODELS_DEV, false)
        if (long === null) return prices
        const longPrices = pricesIn(recordOf(cost[`context_over_${long}k`]) ?? {}, MODELS_DEV, false)
        return withLong(prices, long, longPrices)
      })
    }
  }
  return collected
}

/** LiteLLM: per token, per image, per second, per character. */
const LITELLM: Columns = {
  input: 'input_cost_per_token',
  cacheRead: 'cache_read_input_token_cost',
  cacheWrite: 'cache_creation_input_token_cost',
  output: 'output_cost_per_token',
  reasoning: 'output_cost_per_reasoning_token',
  characters: 'input_cost_per_character',
  image: 'output_cost_per_image',
  second: 'input_cost_per_second',
  request: 'input_cost_per_request',
}
const LITELLM_LONG = /^(?:input|output)_cost_per_token_above_(\d+)k_tokens$/

function liteLlmModels(root: Entry): PublishedPrices {
  const collected = new Collected()
  for (const [name, value] of Object.entries(root)) {
    const entry = recordOf(value)
    const provider = entry?.['litellm_provider']
    if (name === 'sample_spec' || entry === null || typeof provider !== 'string') continue
    const model = name.startsWith(`${provider}/`) ? name.slice(provider.length + 1) : name
    collected.add({ provider, model, max: entry['max_output_tokens'] }, () => {
      const long = oneOf(Object.keys(entry).flatMap((key) => LITELLM_LONG.exec(key)?.[1] ?? []))
      const prices = pricesIn(entry, LITELLM, true)
      if (long === null) return prices
      const columns = Object.entries(LITELLM).map(
        ([part, column]) => [part, `${column}_above_${long}k_tokens`] as const,
      )
      return withLong(prices, long, pricesIn(entry, Object.fromEntries(columns), true))
    })
  }
  return collected
}

type Entry = Readonly<Record<string, unknown>>
type Columns = Readonly<Partial<Record<PricedPart, string>>>
type PartPrices = Omit<ModelPrices, 'provider' | 'model' | 'outputTokensMax'>

/** Why a model is left out. */
class Omission extends Error {}

const OF_MILLIONS: readonly PricedPart[] = ['input', 'cacheRead', 'cacheWrite', 'output', 'reasoning', 'characters']
const MILLION = fractionOf('1e6')!

/** @param isPerOne whether prices of tokens and characters are per one; a table has them per million */
function pricesIn(entry: Entry, columns: Columns, isPerOne: boolean): Prices {
  const prices: Partial<Record<PricedPart, string>> = {}
  for (const part of PRICED_PARTS) {
    const column = columns[part]
    const text = column === undefined ? undefined : entry[column]
    if (text === undefined || text === null) continue
    const price = typeof text === 'string' ? fractionOf(text) : null
    if (price === null) throw new Omission(`${column} is ${JSON.stringify(text)}, which is no price`)
    prices[part] = decimalOf(isPerOne && OF_MILLIONS.includes(part) ? times(price, MILLION) : price)
  }
  return prices
}

/** The one bound in thousands of tokens; null without one. With several, a bill would be wrong. */
function oneOf(bounds: readonly string[]): string | null {
  const different = [...new Set(bounds)]
  if (different.length > 1)
    throw new Omission(`prices for prompts above ${different.join('k, ')}k tokens; a table has one such bound`)
  return different[0] ?? null
}

function withLong(prices: Prices, thousands: string, long: Prices): PartPrices {
  return Object.keys(long).length === 0
    ? prices
    : { ...prices, longPrompts: { aboveTokens: Number(thousands) * 1_000, ...long } }
}

class Collected implements PublishedPrices {
  readonly models: ModelPrices[] = []
  readonly omitted: { readonly name: string; readonly reason: string }[] = []
  readonly #names = new Set<string>()

  add(
    { provider, model, max }: { readonly provider: string; readonly model: string; readonly max: unknown },
    read: () => PartPrices,
  ): void {
    const name = `${provider}/${model}`
    try {
      if (this.#names.has(name)) throw new Omission('it is in the file twice')
      const prices = read()
      if (Object.keys(prices).length === 0) throw new Omission('no price of a kind that is known here')
      this.#names.add(name)
      const outputTokensMax = typeof max === 'string' && /^[1-9][0-9]{0,8}$/.test(max) ? Number(max) : undefined
      this.models.push({ provider, model, ...(outputTokensMax === undefined ? {} : { outputTokensMax }), ...prices })
    } catch (error) {
      if (!(error instanceof Omission)) throw error
      this.omitted.push({ name, reason: error.message })
    }
  }
}
