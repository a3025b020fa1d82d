/** SQL expressions over the kinds of coins of a mapping, and its amounts as text. */
import { coinsOf, type Coin, type Mapping } from '../import/mapping.ts'

/** A text as an SQL literal. */
type Literal = (text: string) => string

export class CoinCases {
  readonly #mapping: Mapping
  readonly #literal: Literal

  constructor(mapping: Mapping, literal: Literal) {
    this.#mapping = mapping
    this.#literal = literal
  }

  /** What depends on the kind of coins; NULL for one that is not mapped. @param kind an expression */
  byKind(kind: string, of: (coin: Coin) => string): string {
    const { coins } = this.#mapping
    if (coins === null) return of(coinsOf(this.#mapping)[0]!)
    const cases = [...coins.byKind].map(([name, coin]) => `WHEN ${this.#literal(name)} THEN ${of(coin)}`)
    return `CASE ${kind} ${cases.join(' ')} END`
  }

  /** The same by the asset, which is another one for each kind. @param asset an expression */
  byAsset(asset: string, of: (coin: Coin) => string): string {
    const coins = coinsOf(this.#mapping)
    if (coins.length === 1) return of(coins[0]!)
    return `CASE ${asset} ${coins.map((coin) => `WHEN ${this.#literal(coin.asset)} THEN ${of(coin)}`).join(' ')} END`
  }
}

/** The beginning and the end of account names, around the key. */
export function aroundKey({ account }: Mapping): readonly [before: string, after: string] {
  const [before, after] = account.split('{id}') as [string, string]
  return [before, after]
}

/** What one minor unit is in the old column: 0.01 for a scale of 2. */
export function unitText(scale: number): string {
  return scale === 0 ? '1' : `0.${'0'.repeat(scale - 1)}1`
}

/** An amount of minor units in the decimal places of the old column. */
export function decimalText(amount: bigint, scale: number): string {
  if (scale === 0) return String(amount)
  const digits = String(amount).padStart(scale + 1, '0')
  return `${digits.slice(0, -scale)}.${digits.slice(-scale)}`
}
