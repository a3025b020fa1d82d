import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isRequestId } from '../domain/ids.ts'
import { examineUser, type Examination, type Rules } from './examination.ts'
import {
  accountOf,
  checkMapping,
  correctionId,
  floorId,
  isImported,
  MAPPING_DEFAULT,
  openingId,
  type Mapping,
} from './mapping.ts'
import type { OldFreeze, OldUser } from './old-rows.ts'

const column = (name: string) =>
  ({ name, declared: 'varchar(20)', kind: 'text', range: null, collation: null }) as const
const COLUMNS = { balance: column('balance'), frozen: column('frozen_balance'), amount: column('amount') }

function examine(
  user: Partial<OldUser>,
  freezes: readonly Partial<OldFreeze>[],
  mapping: Partial<Mapping> = {},
): Examination {
  const rules: Rules = {
    mapping: { ...MAPPING_DEFAULT, ...mapping },
    columns: COLUMNS,
    duplicates: { users: new Set(), requestIds: new Set() },
  }
  const rows = freezes.map((freeze, index) => {
    const key = String(index + 1)
    return { key, requestId: `call-${key}`, user: '8', kind: null, amount: '30', metadata: {}, ...freeze }
  })
  return examineUser({ user: { key: '8', kind: null, balance: '100', frozen: '0', ...user }, freezes: rows }, rules, {
    freezesMax: 1,
  })
}

function codesOf(balance: string | null, frozen: string | null, mapping: Partial<Mapping> = {}): readonly string[] {
  return examine({ balance, frozen }, [], mapping).breaches.map(({ code }) => code)
}

test('amounts are read exactly or not at all', () => {
  for (const whole of ['0', '007', '10000000000000000', '5.000', '-0']) assert.deepEqual(codesOf(whole, '0'), [], whole)
  for (const whole of ['10000000000000001', '9223372036854775807', '9223372036854775808'])
    assert.deepEqual(codesOf(whole, '0'), ['out_of_range'], whole)
  assert.deepEqual(codesOf('10000000000000000', '1', { balanceMeans: 'available' }), [
    'freezes_unlike_frozen',
    'out_of_range',
  ])
  for (const text of ['1e3', '$5', '', 'NaN', '5.', '+5', '0x5'])
    assert.deepEqual(codesOf(text, '0'), ['not_a_number'], text)
  assert.deepEqual(codesOf('1.005', '0', { scale: 2 }), ['decimals'])
  assert.deepEqual(codesOf('1.05', '0', { scale: 2 }), [])
  assert.deepEqual(codesOf('-1', '0'), ['negative'])
})

test('what is frozen counts into the balance or comes on top of it, as the mapping says', () => {
  const read = (balanceMeans: Mapping['balanceMeans']) => examine({ frozen: '30' }, [{}], { balanceMeans }).opening
  assert.equal(read('total')?.total, 100n)
  assert.equal(read('available')?.total, 130n)
})

test('more open freezes than are summed at once are reported', () => {
  const { opening, breaches } = examine({ balance: '10', frozen: '10' }, [{ amount: '5' }, { amount: '5' }])
  assert.equal(opening, null)
  assert.deepEqual(
    breaches.map(({ code }) => code),
    ['too_many_freezes'],
  )
})

test('a key becomes part of a name, never more', () => {
  assert.equal(accountOf(MAPPING_DEFAULT, '8'), 'user:8')
  assert.equal(accountOf(MAPPING_DEFAULT, '$&'), 'user:$&')
  for (const key of ['é', '8 ', '8\n']) assert.equal(accountOf(MAPPING_DEFAULT, key), null, key)
  assert.equal(accountOf({ ...MAPPING_DEFAULT, account: '{id}' }, '@revenue'), null)
})

test('names and templates that cannot be right are refused', () => {
  const wrong: readonly Partial<Mapping>[] = [
    { account: 'user' },
    { account: '{id}{id}' },
    { account: '@user:{id}' },
    { asset: 'Gold' },
    { prefix: 'longer-than-8' },
    { openStatuses: [] },
    { metadataColumns: [{ column: 'a b', key: 'a' }] },
    { metadataColumns: [{ column: 'a', key: 'importedBy' }] },
    { metadataColumns: ['a', 'b'].map((column) => ({ column, key: 'same' })) },
    { coins: { userColumn: 'kind`', freezeColumn: 'kind', byKind: new Map() } },
    { coins: { userColumn: 'kind', freezeColumn: 'kind', byKind: new Map([['1', { asset: 'Gold', scale: 0 }]]) } },
    { users: { ...MAPPING_DEFAULT.users, table: 'a.b.c' } },
    { users: { ...MAPPING_DEFAULT.users, balance: 'balance`' } },
    { freezes: { ...MAPPING_DEFAULT.freezes, status: 'a b' } },
  ]
  for (const mapping of wrong) {
    assert.throws(
      () => checkMapping({ ...MAPPING_DEFAULT, ...mapping }),
      { code: 'invalid_request' },
      JSON.stringify(mapping),
    )
  }
  assert.doesNotThrow(() =>
    checkMapping({ ...MAPPING_DEFAULT, users: { ...MAPPING_DEFAULT.users, table: 'shop.users' } }),
  )
})

test('every account has request ids of its own, which are request ids whatever its name is', () => {
  const placeOf = (account: string) => ({ account, asset: 'credit' })
  const names = [
    'a',
    'a@1=5',
    'a=40',
    'a@',
    'a=',
    'a b',
    'A',
    '==a',
    '~',
    'x'.repeat(65),
    'x'.repeat(66),
    `${'"'.repeat(63)}~`,
  ]
  const ids = names.map((name) => openingId(MAPPING_DEFAULT, placeOf(name)))
  assert.equal(new Set(ids).size, names.length)
  for (const id of ids) assert.ok(isRequestId(id), id)
  assert.equal(openingId(MAPPING_DEFAULT, placeOf('user:8')), 'import/credit/user:8')
  for (const name of names) {
    const entries = [
      openingId(MAPPING_DEFAULT, placeOf(name)),
      correctionId(MAPPING_DEFAULT, placeOf(name), { version: 3, total: 5n }),
    ]
    for (const entry of entries) {
      assert.deepEqual(
        names.filter((each) => isImported(MAPPING_DEFAULT, placeOf(each), entry)),
        [name],
      )
    }
  }
})

test('the longest request ids of an import are request ids, and those of two accounts differ', () => {
  const mapping = { ...MAPPING_DEFAULT, prefix: 'p'.repeat(8) }
  const long = { account: 'x'.repeat(64), asset: 'a'.repeat(16) }
  const other = { account: 'auth0|8', asset: 'credit' }
  const seen = { version: 999_999_999_999_999, total: -9_223_372_036_854_775_808n }
  for (const place of [
    long,
    other,
    ...['x'.repeat(128), '"'.repeat(21), '"'.repeat(128)].map((account) => ({ ...long, account })),
  ]) {
    for (const id of [
      correctionId(mapping, place, seen),
      floorId(mapping, place, -(10n ** 18n)),
      openingId(mapping, place),
    ]) {
      assert.ok(isRequestId(id), id)
      assert.ok(isImported(mapping, place, id))
    }
  }
  assert.equal(openingId(MAPPING_DEFAULT, { account: 'user:8', asset: 'credit' }), 'import/credit/user:8')
  assert.ok(!isImported(mapping, { account: 'user:9', asset: 'credit' }, openingId(mapping, other)))
})

test('a debt is an opening with a floor, if it is allowed', () => {
  assert.deepEqual(codesOf('-99', '0'), ['negative'])
  const read = (balance: string, frozen: string, balanceMeans: Mapping['balanceMeans'] = 'total') => {
    const freezes = frozen === '0' ? [] : [{ amount: frozen }]
    const { opening } = examine({ balance, frozen }, freezes, { allowNegative: true, balanceMeans })
    return opening === null ? null : [opening.total, opening.held, opening.floor]
  }
  assert.deepEqual(read('-99', '0'), [-99n, 0n, -99n])
  assert.deepEqual(read('-99', '30'), [-99n, 30n, -129n])
  assert.deepEqual(read('-99', '30', 'available'), [-69n, 30n, -99n])
  assert.deepEqual(read('5', '0'), [5n, 0n, 0n])
  assert.equal(read('5', '6'), null, 'more frozen than the balance is no debt')
  assert.deepEqual(codesOf('5', '-1', { allowNegative: true }), ['negative'])
})

test('each kind of coins has its asset and its decimal places', () => {
  const byKind = new Map([
    ['1', { asset: 'gold', scale: 0 }],
    ['gem', { asset: 'gem', scale: 2 }],
  ])
  const coins = { userColumn: 'kind', freezeColumn: 'kind', byKind }
  const read = (kind: string | null) => examine({ kind, balance: '7' }, [], { coins })
  assert.partialDeepStrictEqual(read('1').opening, { asset: 'gold', total: 7n })
  assert.partialDeepStrictEqual(read('gem').opening, { asset: 'gem', total: 700n })
  for (const kind of ['2', 'Gem', null]) assert.equal(read(kind).breaches[0]?.code, 'unknown_kind')
})

test('metadata that no hold can have is reported', () => {
  const read = (remark: string) => examine({ frozen: '30' }, [{ metadata: { remark } }])
  assert.deepEqual(read('李'.repeat(512)).opening?.holds[0]?.metadata, { remark: '李'.repeat(512) })
  assert.deepEqual(
    read('x'.repeat(513)).breaches.map(({ code }) => code),
    ['metadata_too_long'],
  )
})

test('a value that is no number is shown with the type of its column', () => {
  assert.match(examine({ balance: 'much' }, []).breaches[0]!.message, /balance \(varchar\(20\)\) is "much"/)
})
