import type { Replaying } from '../../domain/if-replayed.ts'
import { conditionsToWire, ifSteps, onlyIfSteps, type IfSteps } from '../conditions.ts'
import { contract } from '../contract.ts'
import { hold } from '../fields.ts'
import { HOLD } from '../hold.ts'

/** A release has no field of its own. */
export interface ReleaseInput extends IfSteps, Replaying {}

export const release = contract({
  kind: 'release',
  route: {
    method: 'POST',
    path: '/v1/holds/:id/release',
    status: 200,
    operationId: 'release',
    tag: 'holds',
    summary: 'Release a hold: everything returns to the holder',
    problems: ['hold_not_found', 'changed_meanwhile', 'hold_not_open'],
  },
  address: { hold: { ...hold, parameter: 'id' } },
  fields: { ifSteps },
  body: { id: 'ReleaseBody', description: 'No field is needed; the body may be left out.', examples: [{}] },
  bodyIsOptional: true,
  answer: HOLD,

  // Only the sweeper releases a hold because of its expiry.
  read: (address, input) => onlyIfSteps({ kind: 'release', hold: address.hold, cause: 'caller' }, input),

  write: (command) => ({ kind: 'release', hold: command.hold, ...conditionsToWire(command) }),
})
