/**
 * Which of the servers of a store URL takes the writes.
 *
 * Where only one of them may, two that say so are not a choice but a mistake: one was left behind by a failover, and coins that are
 * moved there are lost. PostgreSQL numbers its promotions and Group Replication the changes of its members, so the later one is known;
 * elsewhere the process stays where it is, and one that is not anywhere yet goes nowhere.
 */
import { Fault } from '../engine/faults.ts'
import { nameOfHost, type Host } from './hosts.ts'

/** What a server said about itself. */
export interface HostLook {
  /** Why it takes no writes; null if it does. */
  readonly refusal: string | null
  /** A higher term supersedes a lower one: PostgreSQL's timeline, the view of a group of MySQL. 0 where servers do not count their promotions. */
  readonly term: number
  /** Whether the other servers may take writes at the same time: a Galera cluster. */
  readonly sharesWrites: boolean
}

export interface HostState {
  readonly host: Host
  /** A fault: it could not be asked. */
  readonly look: HostLook | Fault
}

/** What a process knows from before. */
export interface KnownHost {
  /** The server that it uses. */
  readonly host: Host | null
  /** The highest term that it has met. */
  readonly term: number
}

export interface ChosenHost {
  readonly host: Host
  readonly term: number
}

interface Candidate extends ChosenHost {
  readonly sharesWrites: boolean
}

/**
 * @param states in the order of the URL, which decides where nothing else does
 * @param deed what a server has to do, for the message
 * @throws Fault `store_unavailable` if no server takes writes; `store_misconfigured` if several do and only one may, or if no server lets this
 *   process in
 */
export function chooseHost(states: readonly HostState[], known: KnownHost, deed = 'takes writes'): ChosenHost {
  const candidates = states.flatMap(candidateOf)
  const term = Math.max(known.term, ...candidates.map((candidate) => candidate.term))
  const newest = candidates.filter((candidate) => candidate.term === term)
  if (newest.length === 0) throw noneOf(states, { term, deed })
  const stay = newest.find(({ host }) => known.host !== null && nameOfHost(host) === nameOfHost(known.host))
  const [first, second] = newest
  if (stay === undefined && second !== undefined && !newest.every(({ sharesWrites }) => sharesWrites)) {
    const names = newest.map(({ host }) => nameOfHost(host)).join(' and ')
    const message = `${names} take writes at the same time, and only one of them may: make the one that was left behind read-only, or stop it.`
    throw new Fault('store_misconfigured', message)
  }
  return { host: (stay ?? first!).host, term }
}

function candidateOf({ host, look }: HostState): readonly Candidate[] {
  if (look instanceof Fault || look.refusal !== null) return []
  return [{ host, term: look.term, sharesWrites: look.sharesWrites }]
}

function noneOf(states: readonly HostState[], { term, deed }: { readonly term: number; readonly deed: string }): Fault {
  const reasons = states.map((state) => `${nameOfHost(state.host)}: ${reasonOf(state, term)}`)
  const message = `None of the ${states.length} servers of the store URL ${deed}. ${reasons.join(' ')}`
  const isRefused = states.every(({ look }) => look instanceof Fault && look.code === 'store_misconfigured')
  if (isRefused) return new Fault('store_misconfigured', message)
  return new Fault('store_unavailable', message, { retryAfterMs: 1_000 })
}

function reasonOf({ look }: HostState, term: number): string {
  const reason = look instanceof Fault ? look.message : (look.refusal ?? supersededBy(look.term, term))
  return reason.endsWith('.') ? reason : `${reason}.`
}

function supersededBy(own: number, term: number): string {
  return `it was superseded: its term is ${own}, and this process has met ${term}. If the cluster was restored from a backup, restart the process`
}
