/** The port for actors: the API keys that gave commands, each with the addresses that it was used from. */
import type { Actor } from '../domain/by.ts'
import type { Instant } from '../domain/ids.ts'

/** A key, as it is named now, and the address that it is used from. */
export interface ActorUse {
  /** The number of the key, 1 or more. */
  readonly keyNumber: number
  /** The name of the key, 1 to `KEY_NAME_LENGTH_MAX` characters. */
  readonly key: string
  /** 1 to `ADDRESS_LENGTH_MAX` characters. */
  readonly address: string
}

/** The longest name of a key that an actor keeps. */
export const KEY_NAME_LENGTH_MAX = 128

export interface ActorBook {
  /**
   * The actor of this key and address: the one that is there, or a new one. It is as durable as a commit when this resolves, so that no
   * row of a request names an actor that is not there. A call that fails may be repeated.
   *
   * @param at the time, for a new one
   * @throws Fault `store_unavailable`, `store_misconfigured`, `contention`
   */
  actor(use: ActorUse, at: Instant): Promise<Actor>
}
