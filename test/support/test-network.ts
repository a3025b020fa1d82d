/**
 * Hosts of their own on one machine, whose cables can be cut: each is a network namespace with one cable to a common bridge. For Linux, as
 * root. What is cut off gets no answer and no refusal, as when a switch fails.
 */
import { spawnSync } from 'node:child_process'
import { runChild } from '../../harness/children.ts'
import type { Installation } from '../../harness/server-installations.ts'
import { freePort } from './free-port.ts'

const HOSTS_MAX = 200

/** A program to start on a host, with the user that starts it. */
export interface HostCommand {
  readonly program: string
  readonly parameters: readonly string[]
  readonly owner: Installation['owner']
}

export class NetworkHost {
  readonly address: string
  readonly #namespace: string
  /** The end of its cable at the bridge. */
  readonly #cable: string

  constructor(address: string, namespace: string, cable: string) {
    this.address = address
    this.#namespace = namespace
    this.#cable = cable
  }

  /** The same command, run on this host: only root can enter it, so the user changes afterwards. */
  command({ program, parameters, owner }: HostCommand): HostCommand {
    const become =
      owner === null
        ? []
        : // The leash of harness/children.ts ends with the change of the user.
          ['setpriv', `--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--clear-groups', '--pdeathsig=KILL', '--']
    const inside = ['netns', 'exec', this.#namespace, ...become, program, ...parameters]
    return { program: 'ip', parameters: inside, owner: null }
  }

  async cut(): Promise<void> {
    await ip('link', 'set', this.#cable, 'down')
  }

  async mend(): Promise<void> {
    await ip('link', 'set', this.#cable, 'up')
  }
}

export class TestNetwork implements AsyncDisposable {
  /** Of this machine, whose processes are on the bridge themselves. */
  readonly address: string
  /** With its prefix length. */
  readonly range: string
  readonly hosts: readonly NetworkHost[]
  readonly #parts: AsyncDisposableStack

  private constructor(prefix: string, hosts: readonly NetworkHost[], parts: AsyncDisposableStack) {
    this.address = `${prefix}.1`
    this.range = `${prefix}.0/24`
    this.hosts = hosts
    this.#parts = parts
  }

  /** @param count of hosts, 1 to 200 @throws Error without the rights for it */
  static async open(count: number): Promise<TestNetwork> {
    if (count < 1 || count > HOSTS_MAX) throw new RangeError(`A test network has 1 to ${HOSTS_MAX} hosts.`)
    const name = `hf${process.pid.toString(36)}`
    // Of the private range that fewest networks use; by process, so that two runs do not meet.
    const prefix = `10.${200 + (process.pid % 50)}.${Math.floor(process.pid / 50) % 250}`
    await using parts = new AsyncDisposableStack()
    await ip('link', 'add', name, 'type', 'bridge')
    parts.defer(() => ip('link', 'delete', name))
    await ip('address', 'add', `${prefix}.1/24`, 'dev', name)
    await ip('link', 'set', name, 'up')
    const hosts: NetworkHost[] = []
    for (let number = 0; number < count; number++) {
      const [namespace, cable, address] = [`${name}-${number}`, `${name}c${number}`, `${prefix}.${number + 2}`]
      await ip('netns', 'add', namespace)
      parts.defer(() => ip('netns', 'delete', namespace))
      await ip('link', 'add', cable, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace)
      await ip('link', 'set', cable, 'master', name)
      await ip('link', 'set', cable, 'up')
      await ip('-n', namespace, 'address', 'add', `${address}/24`, 'dev', 'eth0')
      await ip('-n', namespace, 'link', 'set', 'lo', 'up')
      await ip('-n', namespace, 'link', 'set', 'eth0', 'up')
      hosts.push(new NetworkHost(address, namespace, cable))
    }
    return new TestNetwork(prefix, hosts, parts.move())
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.disposeAsync()
  }
}

/** For a cluster of so many members: null where there can be no network, so that they share this machine's. */
export async function networkIfPossible(members: number): Promise<TestNetwork | null> {
  return isPossible() ? await TestNetwork.open(members) : null
}

/** `ADDRESS:PORT` with a free port on each host, or on this machine. */
export async function freePlaces(network: TestNetwork | null, count: number): Promise<readonly string[]> {
  const places: string[] = []
  for (let number = 0; number < count; number++) {
    places.push(`${network?.hosts[number]!.address ?? '127.0.0.1'}:${await freePort()}`)
  }
  return places
}

function isPossible(): boolean {
  const name = `hf${process.pid.toString(36)}-try`
  return (
    process.platform === 'linux' &&
    spawnSync('setpriv', ['--version']).status === 0 &&
    spawnSync('ip', ['netns', 'add', name]).status === 0 &&
    spawnSync('ip', ['netns', 'delete', name]).status === 0
  )
}

async function ip(...parameters: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runChild('ip', parameters)
  if (exitCode !== 0) throw new Error(`ip ${parameters.join(' ')} failed: ${stderr}`)
}
