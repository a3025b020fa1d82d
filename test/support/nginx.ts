/** nginx with default settings in front of a service; it speaks HTTP/1.0 to the service. */
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

/** Why it cannot be started; false when it can. */
export function withoutNginx(): string | false {
  return spawnSync('nginx', ['-v']).status === 0 ? false : 'nginx is not installed'
}

export class Nginx implements AsyncDisposable {
  readonly url: string
  readonly #child: ChildProcess
  readonly #folder: string

  private constructor(child: ChildProcess, folder: string, port: number) {
    this.#child = child
    this.#folder = folder
    this.url = `http://127.0.0.1:${port}`
  }

  static async before(serviceUrl: string): Promise<Nginx> {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-nginx-'))
    const port = await freePort()
    const places = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
      (name) => `${name}_temp_path ${folder}/${name};`,
    )
    const server = `server { listen 127.0.0.1:${port}; location / { proxy_pass ${serviceUrl}; } }`
    const configuration = join(folder, 'nginx.conf')
    await writeFile(
      configuration,
      `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
events {}
http { access_log off; ${places.join(' ')} ${server} }\n`,
    )
    const child = startChild('nginx', ['-p', folder, '-c', configuration], { stdio: 'ignore' })
    const nginx = new Nginx(child, folder, port)
    while (!(await isListening(port))) {
      if (child.exitCode !== null) throw new Error(`nginx did not start: exit code ${child.exitCode}.`)
      await sleep(POLL_MS)
    }
    return nginx
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
