import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Fault } from '../engine/faults.ts'
import type { HostLook } from './host-choice.ts'
import { HostSearch, type HostMove } from './host-search.ts'

const HOSTS = ['a', 'b'].map((host) => ({ host, port: 1 }))
const PRIMARY: HostLook = { refusal: null, term: 0, sharesWrites: false }
const STANDBY: HostLook = { refusal: 'it is a standby', term: 0, sharesWrites: false }

class Cluster {
  looks: Record<string, HostLook | Fault | Promise<HostLook>> = { a: PRIMARY, b: STANDBY }
  asked = 0
  readonly moves: HostMove[] = []
  readonly search: HostSearch

  constructor(hosts = HOSTS) {
    const look = async ({ host }: { host: string }): Promise<HostLook> => {
      this.asked++
      const answer = await this.looks[host]!
      if (answer instanceof Fault) throw answer
      return answer
    }
    this.search = new HostSearch({ hosts, look })
    this.search.onMove((move) => this.moves.push(move))
  }
}

test('one server is never asked', async () => {
  const { search, ...cluster } = new Cluster(HOSTS.slice(0, 1))
  assert.deepEqual(await search.find(), HOSTS[0])
  assert.equal(cluster.asked, 0)
})

test('connections that are made together need one search, and a doubt makes another', async () => {
  const cluster = new Cluster()
  const { search } = cluster
  await Promise.all([search.find(), search.find()])
  await search.find()
  assert.equal(cluster.asked, 2)
  search.doubt()
  await search.find()
  assert.equal(cluster.asked, 4)
  assert.deepEqual(cluster.moves, [])
})

test('when another server takes the writes, the process moves once', async () => {
  const cluster = new Cluster()
  const { search } = cluster
  await search.find()
  cluster.looks = { a: new Fault('store_unavailable', 'gone'), b: PRIMARY }
  search.doubt()
  assert.deepEqual(await search.find(), HOSTS[1])
  search.doubt()
  assert.deepEqual(await search.find(), HOSTS[1])
  assert.deepEqual(cluster.moves, [{ from: 'a:1', to: 'b:1' }])
})

test('while none takes writes, a search is not repeated at once, and the next one finds it', async () => {
  const cluster = new Cluster()
  const { search } = cluster
  cluster.looks = { a: STANDBY, b: STANDBY }
  await assert.rejects(search.find(), { code: 'store_unavailable' })
  await assert.rejects(search.find(), { code: 'store_unavailable' })
  assert.equal(cluster.asked, 2)
  cluster.looks = { a: STANDBY, b: PRIMARY }
  await sleep(150)
  assert.deepEqual(await search.find(), HOSTS[1])
})

test('a server that does not answer delays nobody', async () => {
  const cluster = new Cluster()
  const { promise, resolve } = Promise.withResolvers<HostLook>()
  cluster.looks = { a: promise, b: PRIMARY }
  assert.deepEqual(await cluster.search.find(), HOSTS[1])
  cluster.looks = { a: promise, b: STANDBY }
  cluster.search.doubt()
  await assert.rejects(cluster.search.find(), { message: /a:1: it did not answer within/ })
  resolve(PRIMARY)
})

test('a silent server is given up when another one has taken over, and not before', async () => {
  const cluster = new Cluster()
  const { search } = cluster
  const [a] = HOSTS
  assert.deepEqual(await search.find(), a)
  assert.equal(await search.isElsewhere(a!), false)
  cluster.looks = { a: new Promise(() => undefined), b: STANDBY }
  assert.equal(await search.isElsewhere(a!), false)
  cluster.looks = { a: new Promise(() => undefined), b: PRIMARY }
  await sleep(150)
  assert.equal(await search.isElsewhere(a!), true)
  assert.deepEqual(cluster.moves, [{ from: 'a:1', to: 'b:1' }])
})
