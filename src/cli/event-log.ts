/** What the parts of the service report, as lines of its log. */
import type { Logger } from 'pino'
import type { ClockEvent, ExpiryEvent, ReplicaEvent } from '../ledger.ts'
import type { CountedLines } from '../telemetry/counted-lines.ts'

export function logExpiry(log: Logger, event: ExpiryEvent): void {
  switch (event.kind) {
    case 'behind':
      return log.warn(event.status, 'due holds are not ended in time')
    case 'caught_up':
      return log.info(event.status, 'due holds are ended in time again')
    case 'faulted': {
      const { code, message } = event.fault
      return log.warn({ code, reason: message }, 'a round of the sweeper failed; the next round follows soon')
    }
    case 'refused': {
      const { holdsCount, hold, reason } = event
      return log.error({ holdsCount, hold, reason }, 'due holds cannot be ended; the sweeper skips them for a while')
    }
  }
}

/** @param lines that limit how often a line about each kind of event comes */
export function logClock(log: Logger, lines: CountedLines<string>, event: ClockEvent): void {
  const { kind } = event
  lines.note(`clock ${kind}`, (count) => {
    switch (kind) {
      case 'wrong':
        return log.error({ code: 'clock_wrong', count }, event.message)
      case 'right':
        return log.info(
          { count },
          'the clock of this process is right again; the process accepts commands and ends due holds',
        )
      case 'rows_ahead':
      case 'set_ahead':
        return log.warn({ count }, event.message)
    }
  })
}

export function logReplica(log: Logger, event: ReplicaEvent): void {
  if (event.kind === 'used') log.info('lists are read from the replica')
  else log.warn({ reason: event.reason }, 'lists are read from the primary')
}
