/**
 * Under which names the service answers, and which web pages may call it.
 *
 * A page on another site can make a browser send requests to every address that the browser reaches: a POST without a body needs no
 * preflight (Fetch standard, "CORS-safelisted request-header"). And the owner of a name can let it point here after his page was loaded (DNS
 * rebinding): then the page is of the same origin as the service. Both show in headers that no page can set: Origin and Sec-Fetch-Site,
 * and Host. Callers that are no browsers send neither of the first two.
 */
import { isIP } from 'node:net'
import type { IncomingHttpHeaders } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { LedgerError } from '../api/error.ts'
import { asksForHealth } from './routes/health.ts'

export interface Sites {
  /** Host names in lower case, besides addresses and localhost; `*` for all. */
  readonly allowedHosts: readonly string[]
  /** Origins besides the own one; `*` for all. */
  readonly corsOrigins: readonly string[]
}

/** The number of Host headers whose verdict is kept. */
const VERDICTS_MAX = 1_000

/** @returns a hook that refuses requests by `host_not_allowed` and `origin_not_allowed` */
export function refuseOtherSites(sites: Sites) {
  const hosts = new Hosts(sites.allowedHosts)
  const origins = new Set(sites.corsOrigins)
  return (request: FastifyRequest, _: FastifyReply, done: (error?: Error) => void): void => {
    const { headers } = request.raw
    // The health tells nothing about accounts, and probes ask for it by any name.
    if (!hosts.allow(headers.host) && !asksForHealth(request)) return done(unknownHost(headers.host!))
    if (isFromElsewhere(request.method, headers, origins)) return done(otherOrigin(headers.origin))
    done()
  }
}

class Hosts {
  readonly #allowed: ReadonlySet<string>
  readonly #verdicts = new Map<string, boolean>()

  constructor(allowed: readonly string[]) {
    this.#allowed = new Set(allowed)
  }

  /** @param host the header; HTTP/1.0 requests may have none */
  allow(host: string | undefined): boolean {
    if (host === undefined || this.#allowed.has('*')) return true
    const known = this.#verdicts.get(host)
    if (known !== undefined) return known
    const verdict = this.#judge(nameIn(host))
    if (this.#verdicts.size >= VERDICTS_MAX) this.#verdicts.clear()
    this.#verdicts.set(host, verdict)
    return verdict
  }

  /** Nobody can let an address point elsewhere, and `localhost` only the machine itself (RFC 6761, section 6.3). */
  #judge(name: string): boolean {
    return isIP(name) !== 0 || name === 'localhost' || name.endsWith('.localhost') || this.#allowed.has(name)
  }
}

/** The name in a Host header, without the port, the brackets of an IPv6 address, and the dot of a fully qualified name. */
function nameIn(host: string): string {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\]|([^:]*))(?::\d*)?$/.exec(host) ?? []
  return (bracketed ?? plain ?? '').toLowerCase().replace(/\.$/, '')
}

function isFromElsewhere(method: string, headers: IncomingHttpHeaders, origins: ReadonlySet<string>): boolean {
  const { origin, host } = headers
  if (origin !== undefined) return !origins.has('*') && !origins.has(origin) && hostOf(origin) !== host?.toLowerCase()
  const site = headers['sec-fetch-site']
  if (site !== 'cross-site' && site !== 'same-site') return false
  // A link to the service, which only shows something to the user.
  return !(method === 'GET' && headers['sec-fetch-mode'] === 'navigate')
}

function hostOf(origin: string): string | undefined {
  return URL.parse(origin)?.host
}

function unknownHost(host: string): LedgerError {
  return new LedgerError('host_not_allowed', `The service does not answer as ${JSON.stringify(host)}.`, {
    details: { host },
  })
}

function otherOrigin(origin: string | undefined): LedgerError {
  const page = origin === undefined ? 'another site' : origin === 'null' ? 'no origin' : origin
  return new LedgerError('origin_not_allowed', `Web pages of ${page} must not call the service.`, {
    details: { origin: origin ?? 'another site' },
  })
}
