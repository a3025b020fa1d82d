import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '../engine/faults.ts'
import type { HostLook, HostState } from '../stores/host-choice.ts'
import { judgeHosts } from './hosts.ts'

const WRITABLE: HostLook = { refusal: null, term: 0, sharesWrites: false }
const STANDBY: HostLook = { refusal: 'it is a standby', term: 0, sharesWrites: false }

function judged(...looks: readonly (HostLook | Fault)[]): readonly string[] {
  const states: HostState[] = looks.map((look, index) => ({ host: { host: 'abc'[index]!, port: 1 }, look }))
  return judgeHosts(states).map(({ id, severity, value }) => `${severity} ${id} ${value}`)
}

test('a cluster with one server that takes writes is fine', () => {
  assert.deepEqual(judged(WRITABLE, STANDBY), ['fine hosts.state a:1: takes writes; b:1: it is a standby'])
})

test('a cluster that nobody can write, or several, is broken, and a server that is away is a risk', () => {
  assert.match(judged(STANDBY)[0]!, /^broken hosts\.state/)
  assert.match(judged(WRITABLE, WRITABLE)[1]!, /^broken hosts\.disagree a:1 and b:1 take writes/)
  assert.match(judged(WRITABLE, new Fault('store_unavailable', 'gone'))[1]!, /^risk hosts\.unreachable b:1/)
  const node: HostLook = { refusal: null, term: 0, sharesWrites: true }
  assert.equal(judged(node, node).length, 1)
})
