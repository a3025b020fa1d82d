import { contract } from '../contract.ts'
import { hold } from '../fields.ts'
import { HOLD } from '../hold.ts'

export const release = contract({
  kind: 'release',
  route: {
    method: 'POST',
    path: '/v1/holds/:id/release',
    status: 200,
    operationId: 'release',
    tag: 'holds',
    summary: 'Release a hold: everything returns to the holder',
    problems: ['hold_not_found', 'hold_not_open'],
  },
  address: { hold: { ...hold, parameter: 'id' } },
  fields: {},
  body: { id: 'ReleaseBody', description: 'No fields; the body may be left out.', examples: [{}] },
  bodyIsOptional: true,
  answer: HOLD,

  // Only the sweeper releases a hold because of its expiry.
  read: (address) => ({ kind: 'release', hold: address.hold, cause: 'caller' }),

  write: (command) => ({ kind: 'release', hold: command.hold }),
})
