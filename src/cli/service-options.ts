/** The settings of the service as options of its parts. */
import type { Settings } from '../config.ts'
import type { HttpOptions } from '../http/server.ts'
import { given } from './arguments.ts'

/** Half of `shutdownMs` is for the requests in progress, a quarter for the commands that are then still in the queue, and at most an eighth for the log. */
export function ledgerOptions(settings: Settings) {
  return {
    readOnly: settings.readOnly,
    ...given({ readStore: settings.readStore }),
    replicaLagMsMax: settings.replicaLagMsMax ?? null,
    ...given({ houseStripe: settings.houseStripe }),
    acceptRowsAhead: settings.acceptRowsAhead,
    tracing: { details: settings.traceDetails },
    limits: {
      queueCommandsMax: settings.queueCommandsMax,
      batchCommandsMax: settings.batchCommandsMax,
      accountCommandsPerSecondMax: settings.accountCommandsPerSecondMax,
      accountBurstMax: settings.accountBurstMax,
      accountHoldsMax: settings.accountHoldsMax,
      callTimeoutMsDefault: settings.callTimeoutMs,
      breakerFailures: settings.breakerFailures,
      breakerOpenMs: settings.breakerOpenMs,
      doubtMsMax: settings.doubtMsMax,
      holdTtlMsDefault: settings.holdTtlMsDefault,
      holdTtlMsMax: settings.holdTtlMsMax,
      expiryIntervalMs: settings.expiryIntervalMs,
      expiryPageMax: settings.expiryPageMax,
      expiryRoundMax: settings.expiryRoundMax,
      drainMsMax: settings.shutdownMs / 4,
    },
  }
}

export function httpOptions(settings: Settings): HttpOptions {
  const { bodyBytesMax, requestsInFlightMax, callerCommandsPerSecondMax, callerBurstMax, shutdownMs } = settings
  const { logRequests, corsOrigins, allowedHosts, trustedProxies, host } = settings
  const callers = { callerCommandsPerSecondMax, callerBurstMax }
  return {
    logRequests,
    limits: { bodyBytesMax, requestsInFlightMax, ...callers, shutdownMs: shutdownMs / 2 },
    allowedHosts: [...allowedHosts, host.toLowerCase()],
    ...(trustedProxies.length > 0 ? { trustedProxies } : {}),
    ...(corsOrigins.length > 0 ? { corsOrigins } : {}),
  }
}
