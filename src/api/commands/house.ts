import type { AccountName } from '../../domain/ids.ts'
import type { Replaying } from '../../domain/if-replayed.ts'
import { contract } from '../contract.ts'
import { account } from '../fields.ts'
import { HOUSE_ACCOUNT } from '../house-account.ts'

export interface HouseInput extends Replaying {
  /** Begins with `@`. */
  readonly account: AccountName
}

export const house = contract({
  kind: 'house',
  route: {
    method: 'PUT',
    path: '/v1/house-accounts/:account',
    status: 200,
    operationId: 'declareHouse',
    tag: 'accounts',
    summary: 'Declare a house account',
    description:
      'A house account has no floor, so it is a source of coins: only the operator declares one. Its name begins with `@`. `@issuer`, ' +
      '`@revenue` and `@exchange` exist from the start. Idempotent by the name. A declaration cannot be undone.',
    problems: ['not_a_house_account'],
  },
  address: { account: { ...account, parameter: 'account' } },
  fields: {},
  body: { id: 'HouseBody', description: 'The body may be left out.', examples: [{}] },
  bodyIsOptional: true,
  answer: HOUSE_ACCOUNT,

  read: (address) => ({ kind: 'house', account: address.account }),

  write: (command) => ({ kind: 'house', account: command.account }),
})
