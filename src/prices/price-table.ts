/**
 * One version of the prices: what each model costs, and how that becomes coins. A version is never changed; new prices are a new version,
 * so that every bill can be computed again.
 *
 * As a file it is JSON. Prices are decimal texts in the currency of the providers. An amount is
 * `sum of (count × price) × (1 + markup) × coinsPerUnit`, rounded once, to whole minor units of the asset.
 */
import { AMOUNT_MAX } from '../domain/amount.ts'
import { fingerprintOf } from '../domain/fingerprint.ts'
import { DEFAULT_ASSET, INSTANT_MAX, isAssetCode, type AssetCode, type Instant } from '../domain/ids.ts'
import { PriceFileError } from './price-file-error.ts'
import { fractionOf, type Fraction } from './fraction.ts'
import type { Quantity } from './usage.ts'

/** `user`: a fraction of a minor unit is not charged. `house`: it is charged as a whole one. */
export const FAVOURS = ['user', 'house'] as const
export type Favour = (typeof FAVOURS)[number]

/** What can have a price: the quantity that is counted, and for how many of it the price is. */
export const PRICED = {
  input: { quantity: 'inputTokens', per: 1_000_000n },
  cacheRead: { quantity: 'cacheReadTokens', per: 1_000_000n },
  cacheWrite: { quantity: 'cacheWriteTokens', per: 1_000_000n },
  output: { quantity: 'outputTokens', per: 1_000_000n },
  reasoning: { quantity: 'reasoningTokens', per: 1_000_000n },
  characters: { quantity: 'characters', per: 1_000_000n },
  image: { quantity: 'images', per: 1n },
  second: { quantity: 'milliseconds', per: 1_000n },
  request: { quantity: 'requests', per: 1n },
} as const satisfies Readonly<Record<string, { readonly quantity: Quantity; readonly per: bigint }>>

export type PricedPart = keyof typeof PRICED
export const PRICED_PARTS = Object.keys(PRICED) as readonly PricedPart[]

/** Where a price is missing, this one applies. Without either, the quantity cannot be charged and is refused. */
export const INSTEAD: Readonly<Partial<Record<PricedPart, PricedPart>>> = {
  cacheRead: 'input',
  cacheWrite: 'input',
  reasoning: 'output',
}

/** Prices as decimal texts. */
export type Prices = Readonly<Partial<Record<PricedPart, string>>>

/** Of a call whose prompt has more tokens than this, cached ones included, all tokens have these prices; others stay as they are. */
export interface LongPromptPrices extends Prices {
  readonly aboveTokens: number
}

/** The prices of a model of a provider. */
export interface ModelPrices extends Prices {
  /** As the AI SDK names it, up to the first point: `openai` for `openai.chat`. `*` is every provider. */
  readonly provider: string
  readonly model: string
  /** The most output tokens of one call. It bounds a hold when the caller names no maximum. */
  readonly outputTokensMax?: number
  readonly longPrompts?: LongPromptPrices
}

export interface PriceTable {
  /** The name of this version: 1 to 32 of letters, digits, `.`, `_` and `-`. */
  readonly version: string
  /** In force from this instant until the next version. */
  readonly validFrom: Instant
  readonly asset: AssetCode
  /** Minor units of the asset for one unit of the prices' currency, as a decimal text. */
  readonly coinsPerUnit: string
  /** Added to the prices, in percent, as a decimal text; `0` for none. */
  readonly markupPercent: string
  readonly favour: Favour
  readonly models: readonly ModelPrices[]
}

export const MODELS_MAX = 20_000
const NAME_LENGTH_MAX = 200
const VERSION = /^[A-Za-z0-9._-]{1,32}$/
const INSTANT_TEXT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?Z$/

/** The largest price and conversion: beyond it, one token would cost more than a command can move. */
const PRICE_MAX = AMOUNT_MAX

/**
 * Reads a table from the content of its file.
 *
 * @param source named in errors
 * @throws PriceFileError with the place and a remedy
 */
export function readPriceTable(content: unknown, source = 'the table'): PriceTable {
  const fail = (place: string, message: string): never => {
    throw new PriceFileError(`${source}${place === '' ? '' : `, ${place}`}: ${message}`)
  }
  const table = recordOf(content) ?? fail('', 'a table of prices is a JSON object.')
  for (const name of Object.keys(table)) {
    if (!TABLE_FIELDS.has(name)) fail(name, `is no field of a table; they are ${[...TABLE_FIELDS].join(', ')}.`)
  }
  const { version, validFrom, asset = DEFAULT_ASSET, coinsPerUnit, markupPercent = '0', favour, models } = table
  if (typeof version !== 'string' || !VERSION.test(version)) {
    fail('version', 'must be 1 to 32 letters, digits, points, underscores and hyphens.')
  }
  if (!isAssetCode(asset)) fail('asset', 'must be the code of an asset, such as credit.')
  if (!FAVOURS.includes(favour as Favour)) fail('favour', 'must be user or house: who gains by the rounding.')
  requirePrice(coinsPerUnit, 'coinsPerUnit', fail)
  if (fractionOf(coinsPerUnit as string)!.numerator === 0n) fail('coinsPerUnit', 'must be above 0.')
  requirePrice(markupPercent, 'markupPercent', fail)
  if (!Array.isArray(models) || models.length === 0 || models.length > MODELS_MAX) {
    fail('models', `must be a list of 1 to ${MODELS_MAX} models.`)
  }
  return {
    version: version as string,
    validFrom: readInstant(validFrom) ?? fail('validFrom', 'must be an instant in UTC, such as 2030-01-31T00:00:00Z.'),
    asset: asset as AssetCode,
    coinsPerUnit: coinsPerUnit as string,
    markupPercent: markupPercent as string,
    favour: favour as Favour,
    models: readModels(models as readonly unknown[], fail),
  }
}

type Fail = (place: string, message: string) => never

const TABLE_FIELDS = new Set(['version', 'validFrom', 'asset', 'coinsPerUnit', 'markupPercent', 'favour', 'models'])
const MODEL_FIELDS = new Set(['provider', 'model', 'outputTokensMax', 'longPrompts', ...PRICED_PARTS])
const LONG_PROMPT_FIELDS = new Set(['aboveTokens', ...PRICED_PARTS])

function readModels(models: readonly unknown[], fail: Fail): readonly ModelPrices[] {
  const seen = new Set<string>()
  return models.map((each, index) => {
    const prices = readModel(each, `models[${index}]`, fail)
    const name = modelName(prices)
    if (seen.has(name)) fail(`models[${index}]`, `${name} is in the table twice.`)
    seen.add(name)
    return prices
  })
}

function readModel(value: unknown, place: string, fail: Fail): ModelPrices {
  const model = recordOf(value) ?? fail(place, 'must be an object.')
  for (const name of Object.keys(model)) {
    if (!MODEL_FIELDS.has(name))
      fail(`${place}.${name}`, `is no field of a model; they are ${[...MODEL_FIELDS].join(', ')}.`)
  }
  for (const name of ['provider', 'model'] as const) {
    const text = model[name]
    if (typeof text === 'string' && text !== '' && text.length <= NAME_LENGTH_MAX && text.trim() === text) continue
    fail(`${place}.${name}`, `must be a text of 1 to ${NAME_LENGTH_MAX} characters without spaces around it.`)
  }
  const max = model['outputTokensMax']
  if (max !== undefined && !isPositive(max)) fail(`${place}.outputTokensMax`, 'must be a whole number of at least 1.')
  requirePrices(model, place, fail)
  const long = model['longPrompts']
  if (long !== undefined) readLongPrompts(long, `${place}.longPrompts`, fail)
  return model as unknown as ModelPrices
}

function readLongPrompts(value: unknown, place: string, fail: Fail): void {
  const prices = recordOf(value) ?? fail(place, 'must be an object.')
  for (const name of Object.keys(prices)) {
    if (!LONG_PROMPT_FIELDS.has(name))
      fail(`${place}.${name}`, `is no field; they are ${[...LONG_PROMPT_FIELDS].join(', ')}.`)
  }
  if (!isPositive(prices['aboveTokens'])) fail(`${place}.aboveTokens`, 'must be a whole number of at least 1.')
  requirePrices(prices, place, fail)
}

function requirePrices(prices: Readonly<Record<string, unknown>>, place: string, fail: Fail): void {
  const parts = PRICED_PARTS.filter((part) => prices[part] !== undefined)
  if (parts.length === 0) fail(place, 'there is no price at all.')
  for (const part of parts) requirePrice(prices[part], `${place}.${part}`, fail)
}

function isPositive(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1
}

/** The name of a model among all providers, as lists and errors show it. */
export function modelName({ provider, model }: Pick<ModelPrices, 'provider' | 'model'>): string {
  return `${provider}/${model}`
}

/** The file of a table. `readPriceTable` reads it again. */
export function priceTableText(table: PriceTable): string {
  const { models, validFrom, ...head } = table
  const wire = { ...head, validFrom: new Date(validFrom).toISOString() }
  const rows = models.map((each) => `    ${JSON.stringify(each)}`).join(',\n')
  return `${JSON.stringify(wire, null, 2).slice(0, -2)},\n  "models": [\n${rows}\n  ]\n}\n`
}

/** A checksum of what the version says, 14 hexadecimal digits: it shows that a version was changed after it was used. */
export function digestOf(table: PriceTable): string {
  return fingerprintOf(priceTableText(table)).toString(16).padStart(14, '0')
}

function requirePrice(value: unknown, place: string, fail: Fail): void {
  const price = typeof value === 'string' ? fractionOf(value) : null
  if (price === null) fail(place, `must be a decimal number as a text, such as "2.50"; it is ${JSON.stringify(value)}.`)
  else if (isAbove(price, PRICE_MAX)) fail(place, `must be at most ${PRICE_MAX}.`)
}

function isAbove({ numerator, denominator }: Fraction, bound: bigint): boolean {
  return numerator > bound * denominator
}

function readInstant(value: unknown): Instant | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 && value <= INSTANT_MAX ? value : null
  if (typeof value !== 'string' || !INSTANT_TEXT.test(value)) return null
  const instant = Date.parse(value)
  return Number.isNaN(instant) ? null : instant
}

export function recordOf(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Record<string, unknown>)
    : null
}
