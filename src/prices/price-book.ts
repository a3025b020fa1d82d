/** All versions of the prices. The one in force is the last whose `validFrom` has come; the others are there to compute old bills again. */
import { LedgerError } from '../api/error.ts'
import { AMOUNT_MAX } from '../domain/amount.ts'
import type { Instant } from '../domain/ids.ts'
import { fractionOf, plus, times, wholeDown, wholeUp, ZERO, type Fraction } from './fraction.ts'
import { PriceFileError } from './price-file-error.ts'
import {
  digestOf,
  INSTEAD,
  modelName,
  PRICED,
  PRICED_PARTS,
  readPriceTable,
  type ModelPrices,
  type PricedPart,
  type Prices,
  type PriceTable,
} from './price-table.ts'
import { checkUsage, type Usage } from './usage.ts'

/** One version of the prices, ready to compute with. */
export class PriceVersion {
  readonly table: PriceTable
  /** A checksum of the table. */
  readonly digest: string
  readonly #models: ReadonlyMap<string, ModelPrices>
  /** Minor units for one unit of the prices, markup included. */
  readonly #conversion: Fraction

  constructor(table: PriceTable) {
    this.table = table
    this.digest = digestOf(table)
    this.#models = new Map(table.models.map((each) => [modelName(each), each]))
    const markup = plus(fractionOf('100')!, fractionOf(table.markupPercent)!)
    const factor = { numerator: markup.numerator, denominator: markup.denominator * 100n }
    this.#conversion = times(fractionOf(table.coinsPerUnit)!, factor)
  }

  /** The prices of a model: of the provider as it is named, of the part before its first point, or of any provider. Null if unknown. */
  find(provider: string, model: string): ModelPrices | null {
    for (const name of [provider, provider.split('.')[0]!, '*']) {
      const found = this.#models.get(modelName({ provider: name, model }))
      if (found !== undefined) return found
    }
    return null
  }

  /**
   * What a usage costs in minor units: exact, rounded once.
   *
   * @throws LedgerError `invalid_request` for a usage that is malformed, that has a quantity without a price, or that costs more than
   *   `AMOUNT_MAX`
   */
  cost(model: ModelPrices, usage: Usage): bigint {
    checkUsage(usage)
    const prices = pricesFor(model, usage)
    let sum = ZERO
    for (const part of PRICED_PARTS) {
      const { quantity, per } = PRICED[part]
      const count = usage[quantity] ?? 0
      if (count === 0) continue
      const price = priceOf(prices, part)
      // A flat price per request is an addition; a model without one does not charge for requests.
      if (price === null && part === 'request') continue
      if (price === null) {
        const message = `${modelName(model)} has no price for ${quantity} in version ${this.table.version} of the prices.`
        throw LedgerError.invalid(`/${quantity}`, message)
      }
      sum = plus(sum, { numerator: BigInt(count) * price.numerator, denominator: per * price.denominator })
    }
    const exact = times(sum, this.#conversion)
    const amount = this.table.favour === 'user' ? wholeDown(exact) : wholeUp(exact)
    if (amount <= AMOUNT_MAX) return amount
    throw LedgerError.invalid('', `The usage costs ${amount}, more than one command can move (${AMOUNT_MAX}).`)
  }
}

function pricesFor({ longPrompts, ...prices }: ModelPrices, usage: Usage): Prices {
  const { inputTokens = 0, cacheReadTokens = 0, cacheWriteTokens = 0 } = usage
  const isLong = longPrompts !== undefined && inputTokens + cacheReadTokens + cacheWriteTokens > longPrompts.aboveTokens
  return isLong ? { ...prices, ...longPrompts } : prices
}

function priceOf(prices: Prices, part: PricedPart): Fraction | null {
  const instead = INSTEAD[part]
  const text = prices[part] ?? (instead === undefined ? undefined : prices[instead])
  return text === undefined ? null : fractionOf(text)
}

/** Versions in the order in which they come into force. */
export class PriceBook {
  readonly versions: readonly PriceVersion[]
  readonly #byName: ReadonlyMap<string, PriceVersion>

  /** @throws PriceFileError if two versions have one name, or come into force at one instant */
  constructor(tables: readonly PriceTable[]) {
    const versions = tables.map((table) => new PriceVersion(table))
    this.versions = versions.toSorted((left, right) => left.table.validFrom - right.table.validFrom)
    this.#byName = new Map(versions.map((each) => [each.table.version, each]))
    if (versions.length === 0) throw new PriceFileError('A price book needs at least one table.')
    for (const [index, { table }] of this.versions.entries()) {
      const next = this.versions[index + 1]?.table
      if (next?.validFrom !== table.validFrom) continue
      throw new PriceFileError(`The versions ${table.version} and ${next.version} come into force at the same instant.`)
    }
    if (this.#byName.size === versions.length) return
    const names = tables.map(({ version }) => version)
    const twice = names.find((name, index) => names.indexOf(name) !== index)
    throw new PriceFileError(`There are two tables of version ${twice}. New prices need a new version.`)
  }

  /** The version in force at an instant; null before the first one. */
  at(instant: Instant): PriceVersion | null {
    return this.versions.findLast(({ table }) => table.validFrom <= instant) ?? null
  }

  version(name: string): PriceVersion | null {
    return this.#byName.get(name) ?? null
  }
}

/**
 * A price book from the parsed content of its files, in any order.
 *
 * @throws PriceFileError
 */
export function priceBook(...tables: readonly unknown[]): PriceBook {
  return new PriceBook(tables.map((each, index) => readPriceTable(each, `table ${index + 1}`)))
}
