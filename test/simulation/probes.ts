/** The questions for every engine at the quiet end, when there are no faults any more: each must be answered, and in time. */
import {
  across,
  amend,
  charge,
  deposit,
  freeze,
  group,
  rate,
  refund,
  release,
  settle,
  settlePart,
  transfer,
} from '../support/commands.ts'
import type { Chance } from './chance.ts'
import type { Ask } from './history.ts'

/** Rounds of questions; the questions of one round are sent together. */
export function makeProbes(
  chance: Chance,
  engine: number,
  { holds, expired }: { readonly holds: readonly string[]; readonly expired: readonly string[] },
): readonly (readonly Ask[])[] {
  const name = `probe:${engine}`
  const id = (what: string): string => `probe-${engine}-${what}`
  const old = holds.length === 0 ? [] : [chance.pick(holds), chance.pick(holds)]
  // No other command asks for this amount, so it identifies the settle that was applied.
  const amount = 1_000_000_000n + BigInt(engine)
  const overage = chance.pick(['cap', 'draw'] as const)
  const late = expired.length === 0 ? [] : [settle(chance.pick(expired), amount, overage, { late: true })]
  const life = [
    freeze(id('l'), name, 10n),
    settlePart(id('l1'), id('l'), 4n),
    amend(id('l2'), id('l'), { amount: 12n, onExpiry: { settle: 3n } }),
    settle(id('l'), 5n),
    refund(id('l3'), id('l'), 2n),
  ]
  return [
    [deposit(id('d'), name, 100n), rate('credit', 'gem', [2n, 3n], { rounding: 'up', tolerancePpm: engine })],
    ['a', 'b', 'c', 'd', 'e', 'f'].map((which) => freeze(id(which), name, 10n)),
    [settle(id('a'), 4n), release(id('b')), release(id('c'), 'expiry'), settle(id('d'), 15n, 'draw')],
    [release(id('a')), settle(id('b'), 1n), freeze(id('e'), name, 10n), deposit(id('d'), name, 99n)],
    [
      transfer(id('x'), [across(name, name, [8n, 'credit'], ['gem'])]),
      { kind: 'read_rate', from: 'credit', to: 'gem' },
    ],
    [group(charge(id('g'), name, 1n), freeze(id('h'), name, 1_000n)), charge(id('i'), name, 1_000n)],
    [...old.map((hold) => release(hold)), ...late, { kind: 'ready' }],
    life,
    // A repeat gets the first answer whatever happened since. The next round repeats all of them in another order.
    [...life, ...late, refund(id('l4'), id('l'), 1n)],
    [...life.toReversed(), { kind: 'read_history', hold: id('l') }],
    [
      { kind: 'read_account', account: name },
      { kind: 'read_account', account: '@issuer' },
      { kind: 'read_account', account: '@revenue' },
    ],
  ]
}
