/** A Galera cluster of three MariaDB servers for one test. Each node accepts writes, which are certified with the others at COMMIT. */
import { existsSync } from 'node:fs'
import { freePort } from './free-port.ts'
import { PrivateServer } from './private-server.ts'
import { freePlaces, networkIfPossible } from './test-network.ts'
import {
  findInstallation,
  ownerNamed,
  type CommandLine,
  type Installation,
  type InstallationFound,
} from '../../harness/server-installations.ts'

const PROVIDERS = ['/usr/lib/galera/libgalera_smm.so', '/usr/lib64/galera-4/libgalera_smm.so']
const NODES = 3
/** Parallel appliers, so that incoming write sets meet local transactions as on a busy cluster. */
const APPLIERS = 4

/** If set, a missing cluster is a failure. */
const VARIABLE = 'HOLDFAST_TEST_GALERA'

/** The programs for the nodes. @throws Error when a cluster was requested and cannot be started */
export function galeraUnderTest(environment = process.env): InstallationFound {
  const found = findGalera()
  if (found.installation !== null || environment[VARIABLE] !== 'required') return found
  throw new Error(`${VARIABLE} requests a Galera cluster, which cannot be started: ${found.reason}.`)
}

function findGalera(): InstallationFound {
  const mariadb = findInstallation('mariadb')
  if (mariadb.installation === null) return mariadb
  if (provider() === undefined) return { installation: null, reason: 'no Galera provider is installed' }
  if (!existsSync('/usr/bin/rsync')) return { installation: null, reason: 'no rsync is installed' }
  // As root, the rsync of a joining node would drop its privileges and could not read the data.
  const owner = ownerNamed('mysql')
  if (owner === undefined) return { installation: null, reason: 'the nodes need a user mysql' }
  return { installation: ownedBy(owner, mariadb.installation), reason: '' }
}

function ownedBy(owner: Installation['owner'], installation: Installation): Installation {
  // Runs as the user of this process.
  const own = ([program, ...parameters]: CommandLine): CommandLine => [
    program,
    ...parameters.filter((parameter) => !parameter.startsWith('--user=')),
  ]
  return {
    ...installation,
    owner,
    initialise: (folder) => own(installation.initialise(folder)),
    serve: (place) => own(installation.serve(place)),
  }
}

function provider(): string | undefined {
  return PROVIDERS.find((path) => existsSync(path))
}

export class GaleraCluster implements AsyncDisposable {
  readonly nodes: readonly PrivateServer[]
  /** `ADDRESS:PORT` for the group communication, by node number. */
  readonly #places: readonly string[]
  readonly #parts: AsyncDisposableStack

  /** @param hasNetwork whether each node has a host whose cable can be cut, where that can be */
  static async start(mariadb: Installation, { hasNetwork = false } = {}): Promise<GaleraCluster> {
    await using parts = new AsyncDisposableStack()
    const network = hasNetwork ? parts.use(await networkIfPossible(NODES)) : null
    const places = await freePlaces(network, NODES)
    const nodes: PrivateServer[] = []
    for (let node = 0; node < NODES; node++) {
      const installation = await member(mariadb, { node, places })
      nodes.push(parts.use(await PrivateServer.start(installation, { host: network?.hosts[node] ?? null })))
    }
    return new GaleraCluster(nodes, places, parts.move())
  }

  private constructor(nodes: readonly PrivateServer[], places: readonly string[], parts: AsyncDisposableStack) {
    this.nodes = nodes
    this.#places = places
    this.#parts = parts
  }

  /** Starts a node that was stopped or killed; it joins those that are there. */
  async rejoin(node: PrivateServer): Promise<void> {
    await node.start([`--wsrep-cluster-address=gcomm://${this.#places.join(',')}`])
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync()
  }
}

interface Membership {
  readonly node: number
  /** `ADDRESS:PORT` for the group communication, by node number. */
  readonly places: readonly string[]
}

/** The MariaDB installation with the parameters of one node. */
async function member(mariadb: Installation, { node, places }: Membership): Promise<Installation> {
  const [address] = places[node]!.split(':', 1)
  const [transfer, increment] = [await freePort(), await freePort()]
  // The first node bootstraps the cluster; later ones join it.
  const peers = places.slice(0, node)
  const options = [
    `gmcast.listen_addr=tcp://${places[node]}`,
    `ist.recv_addr=${address}:${increment}`,
    'gcache.size=32M',
    'gcache.page_size=32M',
  ]
  return {
    ...mariadb,
    serve: (place) => [
      ...mariadb.serve(place),
      '--wsrep-on=ON',
      `--wsrep-provider=${provider()}`,
      `--wsrep-cluster-address=gcomm://${peers.join(',')}`,
      '--wsrep-cluster-name=holdfast',
      `--wsrep-node-name=node${node}`,
      `--wsrep-node-address=${address}`,
      `--wsrep-sst-receive-address=${address}:${transfer}`,
      '--wsrep-sst-method=rsync',
      `--wsrep-slave-threads=${APPLIERS}`,
      `--wsrep-provider-options=${options.join(';')}`,
      '--innodb-autoinc-lock-mode=2',
      '--log-slave-updates=ON',
    ],
  }
}
