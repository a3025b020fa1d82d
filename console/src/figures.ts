/** Amounts, counts, durations and times as the viewer reads them. Amounts are exact: they are never numbers. */
import { decimalText, readDecimal } from '../../src/domain/decimal.ts'
import type { Preferences } from './preferences.ts'

/**
 * Minor units in the decimal places of their asset, with separators: `1,234.50`.
 * @param minor a whole number as a decimal string, of any size
 */
export function amountText(minor: string | bigint, decimals: number, isSigned = false): string {
  const amount = BigInt(minor)
  const [whole = '', fraction] = decimalText(amount < 0n ? -amount : amount, decimals).split('.')
  const grouped = whole.replaceAll(/\B(?=(\d{3})+$)/g, ',')
  // A minus sign, which has the width of a plus, and not a hyphen.
  const sign = amount < 0n ? '−' : isSigned && amount > 0n ? '+' : ''
  return sign + (fraction === undefined ? grouped : `${grouped}.${fraction}`)
}

/** The amount in minor units; null if the text is no amount of the asset above zero. */
export function amountIn(text: string, decimals: number): bigint | null {
  const amount = readDecimal(text.trim().replaceAll(',', ''), decimals)
  return typeof amount === 'bigint' && amount >= 0n ? amount : null
}

export function countText(count: number, language: Preferences['language']): string {
  return new Intl.NumberFormat(language, { maximumFractionDigits: count < 10 ? 1 : 0 }).format(count)
}

const UNITS = [
  { length: 86_400_000, en: 'd', zh: '天' },
  { length: 3_600_000, en: 'h', zh: '小时' },
  { length: 60_000, en: 'min', zh: '分钟' },
  { length: 1_000, en: 's', zh: '秒' },
  { length: 1, en: 'ms', zh: '毫秒' },
] as const

/** In the largest unit that fits, to one decimal place while it is short: `1.5 h`. @param ms 0 or more */
export function durationText(ms: number, language: Preferences['language']): string {
  const unit = UNITS.find(({ length }) => ms >= length) ?? UNITS.at(-1)!
  const value = ms / unit.length
  return `${value < 10 && unit.length > 1_000 ? Number(value.toFixed(1)) : Math.round(value)} ${unit[language]}`
}

/** The date and the time of day, in the zone that the viewer chose. */
export function instantTexts(
  at: string,
  { language, zone }: Pick<Preferences, 'language' | 'zone'>,
): { readonly date: string; readonly time: string } {
  const { date, time } = formatsOf(language, zone === 'utc' ? 'UTC' : undefined)
  const instant = new Date(at)
  return { date: date.format(instant), time: time.format(instant) }
}

interface Formats {
  readonly date: Intl.DateTimeFormat
  readonly time: Intl.DateTimeFormat
}

/** Making a format takes longer than a hundred uses of it. */
const known = new Map<string, Formats>()

function formatsOf(language: Preferences['language'], timeZone: string | undefined): Formats {
  const name = `${language} ${timeZone ?? ''}`
  let formats = known.get(name)
  if (formats === undefined) {
    const locale = language === 'zh' ? 'zh-CN' : 'en-GB'
    const month = language === 'zh' ? '2-digit' : 'short'
    formats = {
      date: new Intl.DateTimeFormat(locale, { year: 'numeric', month, day: '2-digit', timeZone }),
      time: new Intl.DateTimeFormat(locale, { timeStyle: 'medium', hourCycle: 'h23', timeZone }),
    }
    known.set(name, formats)
  }
  return formats
}

/** `2026-11-30 14:47:56 UTC`. */
export function utcText(at: string): string {
  return `${at.slice(0, 10)} ${at.slice(11, 19)} UTC`
}
