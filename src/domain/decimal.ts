/**
 * Amounts as people write them: whole coins, a point, and the decimal places of the asset. Everything else counts minor units.
 *
 * Nothing is rounded and nothing is guessed: what has more decimal places than the asset, or separators, is refused with a sentence that
 * says how to write it.
 */
import { BALANCE_MAX, BALANCE_MIN, isInt64 } from './amount.ts'

const DECIMAL = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?$/

/** Longer texts are not looked at: no amount has as many digits. */
const TEXT_LENGTH_MAX = 64

/** `1.50` for 150 of an asset with 2 decimal places. */
export function decimalText(amount: bigint, decimals: number): string {
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, '0')
  const point = digits.length - decimals
  const text = decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`
  return amount < 0n ? `-${text}` : text
}

/** Why a text is not a decimal number at any scale, as a sentence; null if it is one. */
export function decimalFlaw(text: string): string | null {
  if (text.length <= TEXT_LENGTH_MAX && DECIMAL.test(text)) return null
  const advice = text.length <= TEXT_LENGTH_MAX ? adviceFor(text) : null
  return advice ?? 'An amount is a number such as 10000 or 1.50.'
}

/** The amount in minor units, or a sentence that says what is wrong with the text. */
export function readDecimal(text: string, decimals: number): bigint | string {
  const flaw = decimalFlaw(text)
  if (flaw !== null) return flaw
  const [, sign = '', whole = '', fraction = ''] = DECIMAL.exec(text)!
  if (fraction.length > decimals) return tooFine(text, fraction, decimals)
  const amount = BigInt(sign + whole + fraction.padEnd(decimals, '0'))
  if (isInt64(amount)) return amount
  const bound = amount < 0n ? BALANCE_MIN : BALANCE_MAX
  return `${text} is out of range; the ${amount < 0n ? 'lowest' : 'highest'} possible amount is ${decimalText(bound, decimals)}.`
}

function tooFine(text: string, fraction: string, decimals: number): string {
  const has = `${text} has ${placesText(fraction.length)}, but the asset has ${decimals === 0 ? 'none' : decimals}.`
  // Some people write a thousand as 1.000.
  return fraction.length === 3 ? `${has} If the point separates thousands, leave it out.` : has
}

function placesText(count: number): string {
  return count === 1 ? '1 decimal place' : `${count} decimal places`
}

/** How to write what people and spreadsheets write in other ways. */
function adviceFor(text: string): string | null {
  const write = (digits: string): string => (DECIMAL.test(digits) ? `: ${digits}` : '')
  if (/^\+[0-9.]+$/.test(text)) return `Write ${text} without the plus sign${write(text.slice(1))}.`
  if (/^-?\.[0-9]+$/.test(text)) return `Write ${text} with a zero before the point${write(text.replace('.', '0.'))}.`
  if (/^-?[0-9]+\.$/.test(text)) return `Write ${text} without the point at the end${write(text.slice(0, -1))}.`
  if (/^-?0[0-9]+(\.[0-9]+)?$/.test(text)) {
    return `Write ${text} without zeros in front${write(text.replace(/^(-?)0+(?=[0-9])/, '$1'))}.`
  }
  if (/^-?[0-9.]+e[+-]?[0-9]+$/i.test(text)) return `Write ${text} in digits, without an exponent: 1e3 is 1000.`
  if (/^-?[0-9]{1,3}([,_' ][0-9]{3})+(\.[0-9]+)?$/.test(text)) {
    return `Write ${text} without separators${write(text.replaceAll(/[,_' ]/g, ''))}.`
  }
  if (/^-?[0-9]{1,3}([.' ][0-9]{3})+,[0-9]+$/.test(text)) {
    return `Write ${text} without separators, and with a point for the comma${write(text.replaceAll(/[.' ]/g, '').replace(',', '.'))}.`
  }
  if (/^-?[0-9]{1,3}(\.[0-9]{3}){2,}$/.test(text))
    return `Write ${text} without separators${write(text.replaceAll('.', ''))}.`
  if (/^-?[0-9]+,[0-9]+$/.test(text)) return `Write ${text} with a point${write(text.replace(',', '.'))}.`
  return null
}
