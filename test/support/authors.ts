/** Keys that tests give commands with. */
import type { Actor, By } from '../../src/domain/by.ts'
import type { Confinement } from '../../src/domain/confinement.ts'
import type { ActorBook, ActorUse } from '../../src/engine/actor-book.ts'

/** In the order in which `enterActors` enters them into an empty book. */
export const ACTORS: readonly [Actor, Actor] = [
  { number: 1, key: 'billing', address: '192.0.2.10' },
  { number: 2, key: 'support', address: '2001:db8::2' },
]

/** The trace of the example in W3C Trace Context. */
export const TRACE = '0af7651916cd43dd8448eb211c80319c'

export const [BILLING, SUPPORT] = ACTORS.map((actor) => ({ actor, trace: TRACE, within: null })) as [By, By]

export const NO_LIMITS: Confinement = { accounts: null, assets: null, amountMax: null }

/** A key with these limits. */
export function confined(limits: Partial<Confinement>): By {
  return { ...BILLING, within: { ...NO_LIMITS, ...limits } }
}

export function useOf({ number, key, address }: Actor): ActorUse {
  return { keyNumber: number, key, address }
}

/** Into an empty book. */
export async function enterActors(book: ActorBook): Promise<void> {
  for (const actor of ACTORS) await book.actor(useOf(actor), 1)
}
