/** A declared house account on the wire. */
import type { HouseAccount as DeclaredHouse } from '../domain/house-account.ts'
import { instantFromWire, instantToWire } from './instants.ts'
import { jsonForm } from './json-form.ts'
import { FROZEN_AT, type Resource } from './resource.ts'
import { AccountName, instant, named } from './schema.ts'
import { type Static, Type } from './typebox.ts'

export const HouseAccount = named(
  'HouseAccount',
  Type.Object(
    {
      account: AccountName,
      declaredAt: instant('The time of the declaration; 1970 for those that exist from the start.'),
    },
    {
      description: 'A house account: an account of the operator, without a floor. Only those that are declared exist.',
      examples: [{ account: '@promo', declaredAt: FROZEN_AT }],
    },
  ),
)

export type HouseAccountWire = Static<typeof HouseAccount>

export function houseAccountToWire({ account, declaredAt }: DeclaredHouse): HouseAccountWire {
  return { account, declaredAt: instantToWire(declaredAt) }
}

export function houseAccountFromWire({ account, declaredAt }: HouseAccountWire): DeclaredHouse {
  return { account, declaredAt: instantFromWire(declaredAt) }
}

export const HOUSE_ACCOUNT: Resource<DeclaredHouse, HouseAccountWire> = {
  schema: HouseAccount,
  toWire: houseAccountToWire,
  fromWire: houseAccountFromWire,
  withJson: jsonForm(houseAccountToWire),
}
