/** The values of settings: each function reads one form of text, or returns one that does. They throw `SettingError`. */
import { isIP } from 'node:net'
import { SettingError } from './setting.ts'

export function text(given: string): string {
  return given
}

/** Names as in a Host header, without a port: in lower case, because the header has no case. */
export function hosts(given: string): readonly string[] {
  const list = given.split(',').map((name) => name.trim().toLowerCase())
  if (given === '') return []
  for (const name of list) {
    if (name !== '*' && !/^[a-z0-9_](?:[a-z0-9_.-]{0,251}[a-z0-9_])?$/.test(name)) {
      throw new SettingError('must be host names such as ledger.internal, without a port, separated by commas, or *')
    }
  }
  return list
}

export function origins(given: string): readonly string[] {
  const list = given.split(',').map((origin) => origin.trim())
  if (given === '') return []
  for (const origin of list) {
    // Browsers send an origin in exactly this form.
    if (origin !== '*' && URL.parse(origin)?.origin !== origin) {
      throw new SettingError('must be origins such as https://app.example.org, separated by commas, or *')
    }
  }
  return list
}

/** IP addresses, each with an optional length of its prefix. */
export function addresses(given: string): readonly string[] {
  if (given === '') return []
  const list = given.split(',').map((address) => address.trim())
  for (const address of list) {
    const [ip = '', length, ...more] = address.split('/')
    const longest = { 0: -1, 4: 32, 6: 128 }[isIP(ip)] ?? -1
    const isPrefix = length === undefined || (/^[0-9]{1,3}$/.test(length) && Number(length) <= longest)
    if (longest < 0 || !isPrefix || more.length > 0) {
      throw new SettingError('must be addresses such as 10.0.0.7 or 10.0.0.0/8, separated by commas')
    }
  }
  return list
}

export function wholeNumber(least: number, most: number): (given: string) => number {
  return (given) => {
    const value = /^[0-9]{1,16}$/.test(given) ? Number(given) : Number.NaN
    if (value >= least && value <= most) return value
    throw new SettingError(`must be a whole number from ${least} to ${most}`)
  }
}

/** `none` is 0, `all` is 1. */
export function share(given: string): number {
  if (given === 'none') return 0
  if (given === 'all') return 1
  const value = /^(?:[01]|[01]?\.[0-9]{1,9})$/.test(given) ? Number(given) : Number.NaN
  if (value >= 0 && value <= 1) return value
  throw new SettingError('must be none, all, or a share from 0 to 1 such as 0.01')
}

export function oneOf<const Word extends string>(words: readonly Word[]): (given: string) => Word {
  return (given) => {
    const word = words.find((known) => known === given)
    if (word !== undefined) return word
    throw new SettingError(`must be one of ${words.join(', ')}`)
  }
}

export function trueOrFalse(given: string): boolean {
  if (given === 'true' || given === '1') return true
  if (given === 'false' || given === '0') return false
  throw new SettingError('must be true or false')
}

/** Returns undefined for the word: the user of the setting knows what that means. */
export function orWord<Value>(word: string, read: (given: string) => Value): (given: string) => Value | undefined {
  return (given) => (given === word ? undefined : read(given))
}
