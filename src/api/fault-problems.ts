/** The faults of the catalogue: something is broken, too slow or not reachable. problems.ts has the rest. */
import type { FaultCode } from '../domain/outcome.ts'
import type { Catalogue, ConnectionCode } from './problem.ts'
import { FAILURE_FACTS } from './problem-facts.ts'

const requestId = {
  kind: 'text',
  meaning: 'The request id of the command, if it is known. Repeat the command with it.',
} as const
const faultFields = { requestId }

export const FAULT_PROBLEMS: Pick<Catalogue, FaultCode | ConnectionCode> = {
  internal: {
    ...FAILURE_FACTS.internal,
    meaning: 'A defect in Holdfast. The log of the service has the details.',
    remedy: 'Please report it. It is safe to repeat the command with the same request id.',
    fields: faultFields,
  },
  store_refused: {
    ...FAILURE_FACTS.store_refused,
    meaning: 'The database refused the rows of this command, and would refuse them again.',
    remedy: 'The log of the service has the error of the database. Please report it.',
    fields: faultFields,
  },
  unexpected_answer: {
    ...FAILURE_FACTS.unexpected_answer,
    meaning:
      'The client cannot read the response. It comes from a proxy, or from a version of Holdfast that this client does not support.',
    remedy: 'Check the URL and the proxies in between. It is safe to repeat the command with the same request id.',
    fields: { ...faultFields, httpStatus: { kind: 'integer', meaning: 'The HTTP status of the response.' } },
  },
  service_unreachable: {
    ...FAILURE_FACTS.service_unreachable,
    meaning: 'The connection to the service failed, or was lost before the response arrived.',
    remedy: 'Repeat the command with the same request id.',
    fields: faultFields,
  },
  overloaded: {
    ...FAILURE_FACTS.overloaded,
    meaning:
      'The queue of the engine is full, or the limit of concurrent requests or exports is reached. The request had no effect.',
    remedy: 'Send it again later, with growing pauses.',
    fields: faultFields,
  },
  rate_limited: {
    ...FAILURE_FACTS.rate_limited,
    meaning:
      'The caller has sent too many requests in a short time, or the account has spent too often or has too many holds open. The ' +
      'request had no effect.',
    remedy: 'Send it again after the time in `Retry-After`, or end some of the holds of the account.',
    fields: faultFields,
  },
  contention: {
    ...FAILURE_FACTS.contention,
    meaning: 'Every attempt lost against other writers of the same rows. The command had no effect.',
    remedy: 'Send it again.',
    fields: faultFields,
  },
  store_unavailable: {
    ...FAILURE_FACTS.store_unavailable,
    meaning: 'The database does not respond. The command had no effect.',
    remedy: 'Send it again later, with growing pauses.',
    fields: faultFields,
  },
  store_misconfigured: {
    ...FAILURE_FACTS.store_misconfigured,
    meaning:
      'The database refuses the service until an operator changes something: a wrong password, a missing privilege, a missing ' +
      'database, or a server or file that Holdfast cannot use. The command had no effect.',
    remedy: 'The message and the log of the service say what to change. The service then continues without a restart.',
    fields: faultFields,
  },
  clock_wrong: {
    ...FAILURE_FACTS.clock_wrong,
    meaning:
      'The clock of the service differs too much from the clock of the database server, or is behind the newest rows. The command had ' +
      'no effect.',
    remedy: 'Correct the clock of the machine. The service then continues without a restart. Send the command again.',
    fields: faultFields,
  },
  commit_in_doubt: {
    ...FAILURE_FACTS.commit_in_doubt,
    meaning:
      'The connection to the database was lost around the commit, and the outcome could not be determined in time.',
    remedy: 'Repeat the command with the same request id. It takes effect once in either case.',
    fields: faultFields,
  },
  shutting_down: {
    ...FAILURE_FACTS.shutting_down,
    meaning: 'The service is shutting down and accepts no more commands. The command had no effect.',
    remedy: 'Send it again, to another instance or after the restart.',
    fields: faultFields,
  },
  deadline_exceeded: {
    ...FAILURE_FACTS.deadline_exceeded,
    meaning:
      'The time limit of the caller or of the service was reached. `applied` says whether the command may have had an effect.',
    remedy: 'Repeat the command with the same request id.',
    fields: faultFields,
  },
}
