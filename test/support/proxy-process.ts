/** A proxy of the system, nginx or HAProxy, as a process of its own with a configuration in a folder of its own. */
import { spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { startChild } from '../../harness/children.ts'
import { freePort } from './free-port.ts'

const POLL_MS = 10

export interface ProxyProgram {
  readonly name: string
  readonly parameters: (file: string, folder: string) => readonly string[]
}

export const NGINX: ProxyProgram = { name: 'nginx', parameters: (file, folder) => ['-p', folder, '-c', file] }
export const HAPROXY: ProxyProgram = { name: 'haproxy', parameters: (file) => ['-db', '-f', file] }

/** Why it cannot be started; false when it can. */
export function withoutProxy({ name }: ProxyProgram): string | false {
  return spawnSync(name, ['-v']).status === 0 ? false : `${name} is not installed`
}

/** The configuration of an nginx of a test around what is in its `http` block. */
export function nginxAround(http: string, folder: string): string {
  const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const paths = places.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')
  const process = `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;`
  return `${process}\nevents {}\nhttp { access_log off; ${paths}\n${http}\n}\n`
}

export class ProxyProcess implements AsyncDisposable {
  readonly url: string
  readonly #child: ChildProcess
  readonly #folder: string

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child
    this.#folder = folder
    this.url = `http://127.0.0.1:${port}`
  }

  /** Listens on a free port. @throws Error when it does not start */
  static async start(
    program: ProxyProgram,
    configure: (port: number, folder: string) => string | Promise<string>,
  ): Promise<ProxyProcess> {
    const { name, parameters } = program
    const folder = await mkdtemp(join(tmpdir(), `holdfast-${name}-`))
    const port = await freePort()
    const file = join(folder, 'configuration')
    await writeFile(file, await configure(port, folder))
    const child = startChild(name, parameters(file, folder), { stdio: 'ignore' })
    const proxy = new ProxyProcess(child, folder, port)
    while (!(await isListening(port))) {
      if (child.exitCode !== null) throw new Error(`${name} did not start: exit code ${child.exitCode}.`)
      await sleep(POLL_MS)
    }
    return proxy
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
  const { promise, resolve } = Promise.withResolvers<boolean>()
  socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
  try {
    return await promise
  } finally {
    socket.destroy()
  }
}
