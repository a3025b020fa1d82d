/** Settings that are lists, separated by commas. */
import { isIP } from 'node:net'
import { SettingError } from './setting.ts'

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
