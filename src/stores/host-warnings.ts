/** What the operator should know about the servers of a store URL that names several. */
import { Fault } from '../engine/faults.ts'
import type { HostState } from './host-choice.ts'
import { nameOfHost } from './hosts.ts'
import type { StoreWarning } from './warning.ts'

export function* hostWarnings(states: readonly HostState[]): Iterable<StoreWarning> {
  for (const { host, look } of states) {
    if (!(look instanceof Fault)) continue
    const message = `${nameOfHost(host)}, a server of the store URL, cannot be used: ${look.message} A failover has one server less to go to.`
    yield { code: 'host_unreachable', message: message.replace(/([^.]) A failover/, '$1. A failover') }
  }
  const writable = states.filter(({ look }) => !(look instanceof Fault) && look.refusal === null && !look.sharesWrites)
  if (writable.length < 2) return
  const names = writable.map(({ host }) => nameOfHost(host)).join(' and ')
  const message = `${names} take writes at the same time, and only one of them may: what is written to the other one is lost. Make the one that was left behind read-only, or stop it.`
  yield { code: 'hosts_disagree', message }
}

/** Where a failover can lose commits because nothing waits for another server. @param missing what the server lacks for that */
export function asynchronousWarning(missing: string): StoreWarning {
  const message = `The store URL names several servers, and commits wait for none of the others: ${missing}. A failover can lose commits that were acknowledged.`
  return { code: 'asynchronous', message }
}
