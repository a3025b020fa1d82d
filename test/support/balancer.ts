/** HAProxy or nginx with the sample configuration of `ops`, on free ports, in front of services of a test. */
import { spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild } from '../../harness/children.ts'
import { freePort } from './free-port.ts'

const OPS = resolve(import.meta.dirname, '../../ops')
const POLL_MS = 10

export type BalancerName = 'haproxy' | 'nginx'

interface Kind {
  readonly program: string
  readonly sample: string
  /** Around the sample, for a process of its own. */
  readonly whole: (sample: string, folder: string) => string
  readonly parameters: (file: string, folder: string) => readonly string[]
}

const KINDS: Readonly<Record<BalancerName, Kind>> = {
  haproxy: {
    program: 'haproxy',
    sample: 'haproxy/holdfast.cfg',
    whole: (sample) => sample,
    parameters: (file) => ['-db', '-f', file],
  },
  nginx: {
    program: 'nginx',
    sample: 'nginx/holdfast.conf',
    whole: (sample, folder) => {
      const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
      const paths = places.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')
      const process = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;`
      return `${process}\nevents {}\nhttp { access_log off; ${paths}\n${sample}\n}\n`
    },
    parameters: (file, folder) => ['-p', folder, '-c', file],
  },
}

/** Why it cannot be started; false when it can. */
export function withoutBalancer(name: BalancerName): string | false {
  return spawnSync(KINDS[name].program, ['-v']).status === 0 ? false : `${name} is not installed`
}

export class Balancer implements AsyncDisposable {
  readonly url: string
  readonly #child: ChildProcess
  readonly #folder: string

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child
    this.#folder = folder
    this.url = `http://127.0.0.1:${port}`
  }

  /** @param services their ports take the places of 4680 and 4681 in the sample */
  static async before(name: BalancerName, services: readonly { readonly url: string }[]): Promise<Balancer> {
    const { program, sample, whole, parameters } = KINDS[name]
    const folder = await mkdtemp(join(tmpdir(), `holdfast-${name}-`))
    const port = await freePort()
    let text = (await readFile(join(OPS, sample), 'utf8')).replace('127.0.0.1:8080', `127.0.0.1:${port}`)
    for (const [index, { url }] of services.entries()) {
      const place = `127.0.0.1:${4680 + index}`
      if (!text.includes(place)) throw new Error(`${sample} has no ${place}.`)
      text = text.replace(place, new URL(url).host)
    }
    const file = join(folder, 'configuration')
    await writeFile(file, whole(text, folder))
    const child = startChild(program, parameters(file, folder), { stdio: 'ignore' })
    const balancer = new Balancer(child, folder, port)
    while (!(await isListening(port))) {
      if (child.exitCode !== null) throw new Error(`${name} did not start: exit code ${child.exitCode}.`)
      await sleep(POLL_MS)
    }
    return balancer
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#child
    if (exitCode === null && signalCode === null) {
      const closed = once(this.#child, 'close')
      this.#child.kill('SIGKILL')
      await closed
    }
    await rm(this.#folder, { recursive: true })
  }
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1')
  return await Promise.race([once(socket, 'connect').then(() => true), once(socket, 'error').then(() => false)])
    .catch(() => false)
    .finally(() => socket.destroy())
}
