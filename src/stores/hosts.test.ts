import assert from 'node:assert/strict'
import { test } from 'node:test'
import { nameOfHost, onlyHost, splitHosts } from './hosts.ts'

test('several hosts are taken apart, and the rest of the URL stays as it is', () => {
  const { text, hosts } = splitHosts('postgres://u:p%2C@db-1:5433,DB-2,[fd00::3]:1/ledger?a=b,c', 5432)
  assert.equal(text, 'postgres://u:p%2C@db-1:5433/ledger?a=b,c')
  assert.deepEqual(hosts?.map(nameOfHost), ['db-1:5433', 'db-2:5432', '[fd00::3]:1'])
  assert.deepEqual(hosts?.at(-1), { host: 'fd00::3', port: 1 })
})

test('commas elsewhere in a URL name no hosts', () => {
  for (const text of [
    'postgres://u:a,b@db/x',
    'mysql://db/x?y=1,2',
    'sqlite:a,b.db',
    'postgres:///x?host=/a',
    'memory:',
  ]) {
    assert.deepEqual(splitHosts(text, 5432), { text, hosts: null })
  }
})

test('hosts that cannot be meant are refused, and the password is not repeated', () => {
  const wrong = [
    'a,',
    ',a',
    'a,,b',
    'a:0,b',
    'a:65536,b',
    'a:x,b',
    'a,a:5432',
    '[::1,b',
    'a b,c',
    Array.from({ length: 17 }, (_, number) => `h${number}`).join(),
  ]
  for (const list of wrong) {
    assert.throws(
      () => splitHosts(`postgres://u:secret@${list}/x`, 5432),
      (error: Error) => error.name === 'StoreUrlError' && !error.message.includes('secret'),
      list,
    )
  }
})

test('a program that reads one server takes no list', () => {
  const host = { host: 'a', port: 1 }
  assert.equal(onlyHost([host]), host)
  assert.throws(() => onlyHost([host, { host: 'b', port: 1 }]), { name: 'StoreUrlError' })
})
