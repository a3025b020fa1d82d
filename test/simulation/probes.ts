/** What every engine is asked at the quiet end, when nothing is wrong any more: all of it has to be answered, and soon. */
import { charge, deposit, freeze, group, release, settle } from '../support/commands.ts'
import type { Chance } from './chance.ts'
import type { Ask } from './history.ts'

/** Several rounds; the asks of one round are sent together. */
export function makeProbes(chance: Chance, engine: number, holds: readonly string[]): readonly (readonly Ask[])[] {
  const name = `probe:${engine}`
  const id = (what: string): string => `probe-${engine}-${what}`
  const old = holds.length === 0 ? [] : [chance.pick(holds), chance.pick(holds)]
  return [
    [deposit(id('d'), name, 100n)],
    ['a', 'b', 'c', 'd', 'e', 'f'].map((which) => freeze(id(which), name, 10n)),
    [settle(id('a'), 4n), release(id('b')), release(id('c'), 'expiry'), settle(id('d'), 15n, 'draw')],
    [release(id('a')), settle(id('b'), 1n), freeze(id('e'), name, 10n), deposit(id('d'), name, 99n)],
    [group(charge(id('g'), name, 1n), freeze(id('h'), name, 1_000n)), charge(id('i'), name, 1_000n)],
    [...old.map((hold) => release(hold)), { kind: 'ready' }],
    [
      { kind: 'read_account', account: name },
      { kind: 'read_account', account: '@issuer' },
      { kind: 'read_account', account: '@revenue' },
    ],
  ]
}
