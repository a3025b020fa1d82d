/**
 * Exact fractions of whole numbers. Prices are decimal texts with any number of places, so no binary floating-point number is used
 * between a price and the amount that is settled.
 */

export interface Fraction {
  readonly numerator: bigint
  /** At least 1. */
  readonly denominator: bigint
}

export const ZERO: Fraction = { numerator: 0n, denominator: 1n }

/** Longer texts are not looked at: no price has as many digits. */
const TEXT_LENGTH_MAX = 40
/** The largest exponent of `1e-18`, so that a text cannot ask for a huge number. */
const EXPONENT_MAX = 24

const DECIMAL = /^([0-9]+)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]{1,2}))?$/

/** Reads a decimal number of at least 0, such as `2.50` or `2.5e-06`. Null for any other text. */
export function fractionOf(text: string): Fraction | null {
  if (text.length > TEXT_LENGTH_MAX) return null
  const [, whole, places = '', power = '0'] = DECIMAL.exec(text) ?? []
  if (whole === undefined) return null
  const exponent = Number(power)
  if (Math.abs(exponent) > EXPONENT_MAX) return null
  const scale = exponent - places.length
  const digits = BigInt(whole + places)
  return scale >= 0
    ? { numerator: digits * 10n ** BigInt(scale), denominator: 1n }
    : { numerator: digits, denominator: 10n ** BigInt(-scale) }
}

export function plus(left: Fraction, right: Fraction): Fraction {
  if (left.denominator === right.denominator) {
    return { numerator: left.numerator + right.numerator, denominator: left.denominator }
  }
  return {
    numerator: left.numerator * right.denominator + right.numerator * left.denominator,
    denominator: left.denominator * right.denominator,
  }
}

export function times(left: Fraction, right: Fraction): Fraction {
  return { numerator: left.numerator * right.numerator, denominator: left.denominator * right.denominator }
}

export function wholeDown({ numerator, denominator }: Fraction): bigint {
  return numerator / denominator
}

export function wholeUp({ numerator, denominator }: Fraction): bigint {
  return (numerator + denominator - 1n) / denominator
}

/** The shortest decimal text: `2.5` for 5/2. The denominator must have no other prime factors than 2 and 5, as that of a decimal has. */
export function decimalOf({ numerator, denominator }: Fraction): string {
  let places = 0
  let scale = 1n
  while ((numerator * scale) % denominator !== 0n) {
    places++
    scale *= 10n
  }
  const digits = ((numerator * scale) / denominator).toString().padStart(places + 1, '0')
  return places === 0 ? digits : `${digits.slice(0, -places)}.${digits.slice(-places)}`
}
