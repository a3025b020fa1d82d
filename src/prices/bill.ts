/**
 * A bill: what a call used, and at which version of the prices. It is the metadata of the entry that settles it, so that anybody can
 * compute it again from the statement and the price files.
 */
import { LedgerError } from '../api/error.ts'
import type { Metadata } from '../domain/metadata.ts'
import type { PriceBook, PriceVersion } from './price-book.ts'
import { modelName, type ModelPrices } from './price-table.ts'
import { isCount, QUANTITIES, type Quantity, type Usage } from './usage.ts'

/** A price, found once at the beginning of a call: a new version does not change the price of a call that is running. */
export class Tariff {
  readonly version: PriceVersion
  readonly prices: ModelPrices

  constructor(version: PriceVersion, prices: ModelPrices) {
    this.version = version
    this.prices = prices
  }

  /** In minor units. @throws LedgerError as `PriceVersion.cost` */
  cost(usage: Usage): bigint {
    return this.version.cost(this.prices, usage)
  }

  /** For the metadata of the hold. */
  metadata(): Metadata {
    const { provider, model } = this.prices
    return {
      provider,
      model,
      priceVersion: this.version.table.version,
      priceDigest: this.version.digest,
    }
  }

  /** For the metadata of the entry: with what was used. */
  bill(usage: Usage): Metadata {
    const counts = QUANTITIES.filter((name) => (usage[name] ?? 0) > 0).map((name) => [name, usage[name]!] as const)
    return { ...this.metadata(), ...Object.fromEntries(counts) }
  }
}

/**
 * The price of a model now.
 *
 * @throws LedgerError `invalid_request` if no version is in force or the model has no price in it
 */
export function tariffOf(book: PriceBook, model: Pick<ModelPrices, 'provider' | 'model'>, now = Date.now()): Tariff {
  const version = book.at(now)
  if (version === null) throw LedgerError.invalid('/prices', 'No version of the prices is in force yet.')
  const prices = version.find(model.provider, model.model)
  if (prices !== null) return new Tariff(version, prices)
  const message = `${modelName(model)} has no price in version ${version.table.version} of the prices, so it cannot be called.`
  throw LedgerError.invalid('/model', message)
}

/**
 * Computes a bill again from the metadata of its entry.
 *
 * @returns minor units
 * @throws LedgerError `invalid_request` if the metadata is no bill, if its version is not in the book, or if the table of that version is
 *   not the one that the bill was made with
 */
export function recomputeBill(book: PriceBook, metadata: Metadata | null): bigint {
  const { provider, model, priceVersion, priceDigest, ...rest } = metadata ?? {}
  if (typeof provider !== 'string' || typeof model !== 'string' || typeof priceVersion !== 'string') {
    throw LedgerError.invalid('/metadata', 'The metadata has no provider, model and priceVersion: it is no bill.')
  }
  const version = book.version(priceVersion)
  if (version === null)
    throw LedgerError.invalid('/metadata/priceVersion', `Version ${priceVersion} is not in the book.`)
  if (version.digest !== priceDigest) {
    const message = `The table of version ${priceVersion} was changed after the bill: its checksum is ${version.digest}, the bill has ${priceDigest}.`
    throw LedgerError.invalid('/metadata/priceDigest', message)
  }
  const prices = version.find(provider, model)
  if (prices === null)
    throw LedgerError.invalid('/metadata/model', `${provider}/${model} is not in version ${priceVersion}.`)
  const usage: Partial<Record<Quantity, number>> = {}
  for (const name of QUANTITIES) {
    const count = rest[name]
    if (isCount(count)) usage[name] = count
  }
  return version.cost(prices, usage)
}
