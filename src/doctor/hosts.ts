/** The servers of a store URL that names several: which one is examined, and whether a failover has somewhere to go. */
import { Fault } from '../engine/faults.ts'
import { chooseHost, type HostState } from '../stores/host-choice.ts'
import type { HostSearch } from '../stores/host-search.ts'
import { hostWarnings } from '../stores/host-warnings.ts'
import { nameOfHost, type Host } from '../stores/hosts.ts'
import type { StoreWarning } from '../stores/warning.ts'
import { finding, type Finding } from './finding.ts'

export interface ExaminedHost {
  /** The one that takes writes; without one, the first that answers. */
  readonly host: Host
  /** None where the URL names one server. */
  readonly findings: readonly Finding[]
}

/** @throws Fault when none of several servers answers */
export async function examineHosts(search: HostSearch): Promise<ExaminedHost> {
  if (!search.isSeveral) return { host: search.current, findings: [] }
  const states = await search.states()
  return { host: hostToExamine(states), findings: judgeHosts(states) }
}

function hostToExamine(states: readonly HostState[]): Host {
  try {
    return chooseHost(states, { host: null, term: 0 }).host
  } catch (error) {
    const answering = states.find(({ look }) => !(look instanceof Fault))
    if (answering === undefined) throw error
    return answering.host
  }
}

export function judgeHosts(states: readonly HostState[]): readonly Finding[] {
  const isWritable = states.some(({ look }) => !(look instanceof Fault) && look.refusal === null)
  const value = states.map((state) => `${nameOfHost(state.host)}: ${wordOf(state)}`).join('; ')
  const remedy = isWritable ? null : 'Promote one of them, or start the primary'
  const warnings = [...hostWarnings(states)]
  const severity = isWritable ? 'fine' : 'broken'
  return [finding('hosts.state', severity, { value, remedy }), ...warnings.map(findingOf)]
}

function findingOf({ code, message }: StoreWarning): Finding {
  if (code === 'hosts_disagree') {
    const remedy = 'Stop the server that was left behind, and make it a replica of the other one'
    return finding('hosts.disagree', 'broken', { value: message, remedy })
  }
  return finding('hosts.unreachable', 'risk', { value: message, remedy: 'Start the server, or correct the store URL' })
}

function wordOf({ look }: HostState): string {
  if (look instanceof Fault) return 'does not answer, or refuses the login'
  return look.refusal ?? 'takes writes'
}

/** A failover of these servers can lose commits. @param remedy the setting that prevents it */
export function clusterFindings(warnings: Iterable<StoreWarning>, remedy: string): readonly Finding[] {
  return [...warnings].map(({ code, message }) =>
    finding('durability.replicas', 'risk', { subject: code, value: message, remedy }),
  )
}
