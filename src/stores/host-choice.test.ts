import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../engine/faults.ts'
import { chooseHost, type HostLook, type HostState, type KnownHost } from './host-choice.ts'

const NOWHERE: KnownHost = { host: null, term: 0 }
const READ_ONLY: HostLook = { refusal: 'it is read-only', term: 0, sharesWrites: false }
const DOWN = new Fault('store_unavailable', 'connect ECONNREFUSED')
const DENIED = new Fault('store_misconfigured', 'password authentication failed')

function host(name: string) {
  return { host: name, port: 1 }
}

function writable(term = 0, sharesWrites = false): HostLook {
  return { refusal: null, term, sharesWrites }
}

/** Servers a, b, c … with these looks. */
function states(...looks: readonly (HostLook | Fault)[]): readonly HostState[] {
  return looks.map((look, index) => ({ host: host('abc'[index]!), look }))
}

function chosen(all: readonly HostState[], known = NOWHERE): string {
  return chooseHost(all, known).host.host
}

test('the server that takes writes is chosen, wherever it stands', () => {
  assert.equal(chosen(states(READ_ONLY, DOWN, writable())), 'c')
})

test('the primary of the newest timeline is chosen, and an older one never again', () => {
  assert.deepEqual(chooseHost(states(writable(1), writable(2)), NOWHERE), { host: host('b'), term: 2 })
  assert.equal(chosen(states(writable(1), writable(2)), { host: host('a'), term: 1 }), 'b')
  assert.throws(() => chooseHost(states(writable(1), DOWN), { host: host('b'), term: 2 }), {
    code: 'store_unavailable',
    message: /a:1: it was superseded/,
  })
})

test('of two that take writes and do not count promotions, a process stays with its own, and chooses none at its start', () => {
  const both = states(writable(), writable())
  assert.equal(chosen(both, { host: host('b'), term: 0 }), 'b')
  assert.throws(() => chosen(both), {
    code: 'store_misconfigured',
    message: /a:1 and b:1 take writes at the same time/,
  })
})

test('of the nodes of a cluster that may all be written, all processes choose the first, and stay where they are', () => {
  const nodes = states(writable(0, true), writable(0, true), writable(0, true))
  assert.equal(chosen(nodes), 'a')
  assert.equal(chosen(nodes, { host: host('c'), term: 0 }), 'c')
  assert.equal(chosen(states(DOWN, writable(0, true), writable(0, true)), { host: host('a'), term: 0 }), 'b')
})

test('without one that takes writes, every reason is told', () => {
  assert.throws(() => chosen(states(READ_ONLY, DOWN)), {
    code: 'store_unavailable',
    message: 'None of the 2 servers of the store URL takes writes. a:1: it is read-only. b:1: connect ECONNREFUSED.',
  })
  assert.throws(() => chosen(states(DENIED, DENIED)), { code: 'store_misconfigured' })
  assert.throws(() => chosen(states(DENIED, DOWN)), { code: 'store_unavailable' })
})
