/** The part of the catalogue that is no fault of the caller: what is broken, too slow or not reachable. problems.ts has the rest. */
import type { FaultCode } from '../domain/outcome.ts'
import type { Catalogue, ConnectionCode } from './problem.ts'

const requestId = { kind: 'text', meaning: 'The request id to repeat the command under, when it is known.' } as const
const faultFields = { requestId }

export const FAULT_PROBLEMS: Pick<Catalogue, FaultCode | ConnectionCode> = {
  internal: {
    status: 500,
    title: 'Internal error',
    retryable: false,
    applied: 'unknown',
    retryAfterMs: null,
    meaning: 'A defect of Holdfast. The log of the service has the details.',
    remedy: 'Please report it. Repeating the command under the same request id is safe.',
    fields: faultFields,
  },
  store_refused: {
    status: 500,
    title: 'Store refused the command',
    retryable: false,
    applied: 'no',
    retryAfterMs: null,
    meaning: 'The database refused the rows of this one command, and would again.',
    remedy: 'The log of the service has what the database said. Please report it.',
    fields: faultFields,
  },
  unexpected_answer: {
    status: 502,
    title: 'Unexpected answer',
    retryable: false,
    applied: 'unknown',
    retryAfterMs: null,
    meaning: 'What answered is not a Holdfast service that this client understands: a proxy, or another version.',
    remedy: 'Check the URL and what stands between. Repeating the command under the same request id is safe.',
    fields: { ...faultFields, httpStatus: { kind: 'integer', meaning: 'The HTTP status that came.' } },
  },
  service_unreachable: {
    status: 503,
    title: 'Service unreachable',
    retryable: true,
    applied: 'unknown',
    retryAfterMs: 200,
    meaning: 'The connection to the service failed or broke before the answer came.',
    remedy: 'Repeat the command under the same request id.',
    fields: faultFields,
  },
  overloaded: {
    status: 503,
    title: 'Overloaded',
    retryable: true,
    applied: 'no',
    retryAfterMs: 250,
    meaning:
      'The queue of the engine is full, or as many requests or exports as allowed are under way. The request had no effect.',
    remedy: 'Send it again later, with growing pauses.',
    fields: faultFields,
  },
  contention: {
    status: 503,
    title: 'Contention',
    retryable: true,
    applied: 'no',
    retryAfterMs: 100,
    meaning: 'Other writers of the same database won every attempt. The command had no effect.',
    remedy: 'Send it again.',
    fields: faultFields,
  },
  store_unavailable: {
    status: 503,
    title: 'Store unavailable',
    retryable: true,
    applied: 'no',
    retryAfterMs: 1000,
    meaning: 'The database does not answer. The command had no effect.',
    remedy: 'Send it again later, with growing pauses.',
    fields: faultFields,
  },
  store_misconfigured: {
    status: 500,
    title: 'Store misconfigured',
    retryable: false,
    applied: 'no',
    retryAfterMs: null,
    meaning:
      'The database refuses the service for a reason that only an operator can remove: a wrong password, a missing privilege or database, a server or a file that Holdfast cannot use. The command had no effect.',
    remedy: 'The message and the log of the service say what to change. The service goes on by itself after that.',
    fields: faultFields,
  },
  clock_wrong: {
    status: 503,
    title: 'Clock wrong',
    retryable: true,
    applied: 'no',
    retryAfterMs: 1000,
    meaning:
      'The clock of the service differs too much from the clock of the database, or from the newest rows. The command had no effect.',
    remedy:
      'Set the clock of the machine right. The service goes on by itself after that. Send the command again then.',
    fields: faultFields,
  },
  commit_in_doubt: {
    status: 503,
    title: 'Commit in doubt',
    retryable: true,
    applied: 'unknown',
    retryAfterMs: 1000,
    meaning:
      'The database was lost around the commit, and whether the command took effect could not be found out in time.',
    remedy: 'Repeat the command under the same request id: it is then applied once, whatever had happened.',
    fields: faultFields,
  },
  shutting_down: {
    status: 503,
    title: 'Shutting down',
    retryable: true,
    applied: 'no',
    retryAfterMs: 1000,
    meaning: 'The service takes no more work. The command had no effect.',
    remedy: 'Send it again, to another instance or after the restart.',
    fields: faultFields,
  },
  deadline_exceeded: {
    status: 504,
    title: 'Deadline exceeded',
    retryable: true,
    applied: 'unknown',
    retryAfterMs: null,
    meaning:
      "The caller's or the service's time limit came first. `applied` says whether the command may have had an effect.",
    remedy: 'Repeat the command under the same request id.',
    fields: faultFields,
  },
}
