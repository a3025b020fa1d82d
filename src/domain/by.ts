/**
 * Who gave a command: the actor, which is an API key with the address that it was used from, and the trace that the call belonged to.
 *
 * It is no part of the contents of a request: a repeat with another key, or from another address, is a repeat, and the first author
 * stays on record.
 */
import type { Confinement } from './confinement.ts'

/** An API key and an address that it was used from. Rows name it by its number. */
export interface Actor {
  readonly number: number
  /** The name of the key, as it was then. */
  readonly key: string
  /** The network address of the caller, 1 to `ADDRESS_LENGTH_MAX` characters. */
  readonly address: string
}

/** The longest address that is kept: an IPv6 address (45 characters) with the name of its zone. */
export const ADDRESS_LENGTH_MAX = 64

/** The author of an entry, as its row keeps it. */
export interface Author {
  readonly actor: Actor
  /** The trace id of the call, 32 hexadecimal digits in lower case (W3C Trace Context); null: it had none. */
  readonly trace: string | null
}

/** What a command carries. */
export interface By extends Author {
  /** What its key may touch; null: everything. */
  readonly within: Confinement | null
}

/** A command may say who gives it. (`by` is a field of an amend.) */
export interface Signed {
  readonly givenBy?: By
}

/** The author as callers see it. */
export interface ShownAuthor {
  readonly key: string
  readonly address: string
  readonly trace: string | null
}

export function authorOf({ actor, trace }: By): Author {
  return { actor, trace }
}

export function showAuthor(author: Author | null): ShownAuthor | null {
  if (author === null) return null
  const { actor, trace } = author
  return { key: actor.key, address: actor.address, trace }
}
