/** The flows of a piece of work: what it shares with other work that must stay in order. */
import { commandsOf, type Work } from '../domain/command.ts'
import type { Footprint } from '../domain/footprint.ts'
import { isHouse } from '../domain/ids.ts'
import { requestOf } from '../domain/rules.ts'

/**
 * The accounts of users, the request ids and the holds that the work names, without duplicates. Null: of work that stays in order with
 * all other, because it declares what others need. An account and a request id of the same text are one flow, which only means that
 * their commands stay in order.
 */
export type Flows = readonly string[] | null

/** Work that no rule understands. It ends with an error when its batch is decided. */
const UNKNOWN: Flows = ['']

/** @param keysOf the footprint of one piece of work, including what is known of its holds */
export function flowsOf(work: Work, keysOf: (work: Work) => Footprint): Flows {
  try {
    if (commandsOf(work).some((command) => requestOf(command) === null)) return null
    const { requests, balances, standings } = keysOf(work)
    const flows = new Set(requests)
    for (const { account } of balances.values()) if (!isHouse(account)) flows.add(account)
    for (const account of standings) flows.add(account)
    return [...flows]
  } catch {
    return UNKNOWN
  }
}
