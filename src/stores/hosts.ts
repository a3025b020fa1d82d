/** The servers that a store URL names: `postgres://user@db-1,db-2:5433,[fd00::3]/ledger`. */
import { StoreUrlError } from './store-url-error.ts'

/** One server. */
export interface Host {
  /** A name, or an address without brackets. */
  readonly host: string
  readonly port: number
}

/** A cluster has three or five; more in one URL is a mistake. */
const HOSTS_MAX = 16

const AUTHORITY = /^([a-z]+:\/\/(?:[^/?#]*@)?)([^/?#@]*,[^/?#@]*)((?:[/?#].*)?)$/s
const HOST = /^(\[[\da-f:.]+\]|[^\s:[\]]+)(?::(\d{1,5}))?$/i

/** A store URL whose hosts were taken apart. */
export interface SplitUrl {
  /** The URL with its first host only. */
  readonly text: string
  /** In the order of the URL; null where it names one server, or none. */
  readonly hosts: readonly Host[] | null
}

/** @throws StoreUrlError, which never repeats the URL */
export function splitHosts(text: string, portDefault: number): SplitUrl {
  const [, before, list, after] = AUTHORITY.exec(text) ?? []
  if (before === undefined || list === undefined || after === undefined) return { text, hosts: null }
  const parts = list.split(',')
  if (parts.length > HOSTS_MAX) {
    throw new StoreUrlError(`The store URL names ${parts.length} hosts; at most ${HOSTS_MAX} are possible.`)
  }
  const hosts = parts.map((part) => hostOf(part, portDefault))
  const names = hosts.map(nameOfHost)
  const repeated = names.find((name, index) => names.indexOf(name) !== index)
  if (repeated !== undefined) throw new StoreUrlError(`The store URL names ${repeated} twice.`)
  return { text: `${before}${parts[0]}${after}`, hosts }
}

/** As messages show it. */
export function nameOfHost({ host, port }: Host): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function hostOf(part: string, portDefault: number): Host {
  const [, name, port] = HOST.exec(part) ?? []
  const number = port === undefined ? portDefault : Number(port)
  if (name === undefined || number < 1 || number > 65_535) {
    throw new StoreUrlError(
      'Several hosts in a store URL are separated by commas, each as HOST or HOST:PORT: db-1:5432,db-2:5432.',
    )
  }
  return { host: name.replace(/^\[|\]$/g, '').toLowerCase(), port: number }
}

/** Where a program reads one server, and does not look for the one that takes writes. @throws StoreUrlError */
export function onlyHost(hosts: readonly Host[]): Host {
  const [host, other] = hosts
  if (other !== undefined) throw new StoreUrlError('The URL of the old database names one host.')
  return host!
}
