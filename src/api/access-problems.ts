/** The problems about keys: who is calling, what it may do, and the keys themselves. problems.ts has the rest. */
import type { Catalogue, KeyCode } from './problem.ts'
import { FAILURE_FACTS } from './problem-facts.ts'

const key = { kind: 'text', meaning: 'The name of the key.' } as const

export const ACCESS_PROBLEMS: Pick<Catalogue, 'unauthenticated' | KeyCode> = {
  unauthenticated: {
    ...FAILURE_FACTS.unauthenticated,
    meaning:
      'The ledger has keys, and the request has no key or token, or one that is malformed, unknown, revoked or expired.',
    remedy: 'Send `Authorization: Bearer hf_…` with a valid key. `holdfast keys list` shows which keys there are.',
    fields: {},
  },
  key_not_found: {
    ...FAILURE_FACTS.key_not_found,
    meaning: 'No key has this name.',
    remedy: 'Check the name: `holdfast keys list` shows all.',
    fields: { key },
  },
  key_exists: {
    ...FAILURE_FACTS.key_exists,
    meaning: 'A key has or had this name. Names are given once, because logs and entries name keys.',
    remedy: 'Rotate the key to get another secret for it, or use another name.',
    fields: { key },
  },
  key_ended: {
    ...FAILURE_FACTS.key_ended,
    meaning: 'The key is revoked or has expired, so it gets no other secret.',
    remedy: 'Make a key with another name.',
    fields: { key },
  },
  too_many_keys: {
    ...FAILURE_FACTS.too_many_keys,
    meaning: 'There are as many keys as possible that are neither revoked nor expired.',
    remedy: 'Revoke those that are not used; for the pages of users, make tokens instead.',
    fields: { keysMax: { kind: 'integer', meaning: 'How many are possible.' } },
  },
}
