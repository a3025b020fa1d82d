/** The rejections that name an account which the command cannot use, in the order of precedence. */
import type { RejectionCode } from '../domain/outcome.ts'
import { refused, type RejectionProblem } from './rejection-problem.ts'

type AccountCode = Extract<
  RejectionCode,
  | 'forbidden'
  | 'house_account'
  | 'not_a_house_account'
  | 'unknown_account'
  | 'same_account'
  | 'account_closed'
  | 'account_blocked'
>

const account = { kind: 'text', meaning: 'The account.' } as const

export const ACCOUNT_REJECTIONS: { readonly [Code in AccountCode]: RejectionProblem<Code> } = {
  forbidden: {
    ...refused,
    status: 403,
    title: 'Forbidden',
    meaning:
      'The API key or token may not do this: it lacks the scope, the command or read is about an account or an asset that it is not for, or ' +
      'the command moves more than it may. ' +
      'A hold that the key is not for is answered with `hold_not_found`.',
    remedy: 'Use a key that may, or make one: `holdfast keys create NAME --scopes …`. What a key may do never changes.',
    fields: {
      limit: { kind: 'text', meaning: 'What the key lacks: `scopes`, `accounts`, `assets` or `amount`.' },
      key: { kind: 'text', meaning: 'The name of the key, where the service refused.' },
      scope: { kind: 'text', meaning: 'The missing scope, if one is missing.' },
      account: { kind: 'text', meaning: 'The account that is out of bounds, if it is known.' },
      asset: { kind: 'text', meaning: 'The asset that is out of bounds, if it is known.' },
    },
    explain({ limit, key, scope, account: name, asset }) {
      const who = key === undefined ? 'The API key' : `The key "${key}"`
      switch (limit) {
        case 'scopes':
          return `${who} lacks ${scope === undefined ? 'a scope' : `the scope ${scope}`}.`
        case 'accounts':
          return `${who} is confined to accounts, and ${name === undefined ? 'this one' : `"${name}"`} is not among them.`
        case 'assets':
          return `${who} is confined to assets, and ${asset === undefined ? 'this one' : asset} is not among them.`
        case 'amount':
          return `${who} may not move so much in one command.`
      }
    },
    example: { limit: 'accounts', key: 'shop', account: 'partner:5' },
  },
  house_account: {
    ...refused,
    status: 403,
    title: 'House account',
    meaning: 'The account is a house account (its name begins with `@`). This command is only for accounts of users.',
    remedy: 'Use the account of a user. A house account can only be a payee or take part in a transfer.',
    fields: { account },
    explain(rejection) {
      return `"${rejection.account}" is a house account. This command is only for accounts of users.`
    },
    example: { account: '@issuer' },
  },
  not_a_house_account: {
    ...refused,
    status: 422,
    title: 'Not the name of a house account',
    meaning: 'The name of a house account begins with `@`; this one does not. Accounts of users need no declaration.',
    remedy: 'Declare a name that begins with `@`, such as `@promo`.',
    fields: { account },
    explain(rejection) {
      return `"${rejection.account}" is not the name of a house account: it does not begin with @.`
    },
    example: { account: 'promo' },
  },
  unknown_account: {
    ...refused,
    status: 422,
    title: 'Unknown house account',
    meaning:
      'The account is a house account (its name begins with `@`) that has not been declared. Only declared ones exist, because each is ' +
      'a source of coins.',
    remedy: 'Check the name. The operator declares a house account with `PUT /v1/house-accounts/{account}`.',
    fields: { account },
    explain(rejection) {
      return `The house account "${rejection.account}" has not been declared.`
    },
    example: { account: '@promo' },
  },
  same_account: {
    ...refused,
    status: 422,
    title: 'Payer and payee are the same account',
    meaning:
      'Coins cannot move from an account to itself within one asset. `@exchange` cannot send or receive the coins of a leg across ' +
      'assets, because it would be its own counterparty.',
    remedy: 'Use another payee or receiver.',
    fields: { account },
    explain(rejection) {
      return `Coins cannot move from "${rejection.account}" to itself.`
    },
    example: { account: 'user:8' },
  },
  account_closed: {
    ...refused,
    status: 409,
    title: 'Account closed',
    meaning:
      'The account was closed and merged into another one, its successor. Nothing can be frozen, paid or received by it. What its holds and ' +
      'refunds return goes to the successor.',
    remedy: 'Use the successor, if it is the same person.',
    fields: { account, successor: { kind: 'text', meaning: 'The account that it was merged into.' } },
    explain(rejection) {
      return `"${rejection.account}" is closed. It was merged into "${rejection.successor}".`
    },
    example: { account: 'user:8', successor: 'user:9' },
  },
  account_blocked: {
    ...refused,
    status: 403,
    title: 'Account blocked',
    meaning:
      'The operator has blocked the account: nothing can be frozen, charged or transferred from it. It still receives coins, and its holds ' +
      'are settled and released.',
    remedy: 'Ask the operator, who can unblock it with `POST /v1/accounts/{account}/unblock`.',
    fields: { account },
    explain(rejection) {
      return `"${rejection.account}" is blocked: no coins can leave it.`
    },
    example: { account: 'user:8' },
  },
}
