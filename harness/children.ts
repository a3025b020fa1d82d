/**
 * Child processes of tests. They never outlive the test file: they are ended when its tests are done, when it exits and, on Linux, when it
 * is killed.
 */
import { fork, spawn, type ChildProcess, type ForkOptions, type SpawnOptions } from 'node:child_process'
import { once } from 'node:events'
import { after } from 'node:test'

/** On Linux the kernel ends the child when the process that started it ends, for any reason. */
const LEASH = process.platform === 'linux' ? ['setpriv', '--pdeathsig=KILL'] : []
const DEADLY = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

const children = new Set<ChildProcess>()

/** As `spawn`. A missing program shows as a failed start. */
export const startChild = ((program: string, parameters: readonly string[], options: SpawnOptions) => {
  const [first, ...rest] = [...LEASH, program, ...parameters]
  return watched(spawn(first!, rest, options))
}) as typeof spawn

/** As `fork`; it ends when its channel does. */
export function forkChild(path: string, options: ForkOptions): ChildProcess {
  const [program, ...parameters] = LEASH
  const execArgv = [...parameters, process.execPath, ...(options.execArgv ?? process.execArgv)]
  return watched(fork(path, program === undefined ? options : { ...options, execPath: program, execArgv }))
}

function watched<Child extends ChildProcess>(child: Child): Child {
  if (children.size === 0) watchEnds()
  children.add(child)
  child.once('exit', () => children.delete(child))
  child.once('error', () => {
    if (child.pid === undefined) children.delete(child)
  })
  return child
}

export interface ChildEnd {
  /** Null when a signal ended the process. */
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
}

/** Runs a program to its end. */
export async function runChild(program: string, parameters: readonly string[], options = {}): Promise<ChildEnd> {
  const child = startChild(program, parameters, { ...options, stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text))
  const [exitCode] = (await once(child, 'close')) as [number | null]
  return { exitCode, stdout, stderr }
}

let isWatching = false

function watchEnds(): void {
  if (isWatching) return
  isWatching = true
  process.on('exit', killAll)
  for (const signal of DEADLY) {
    process.once(signal, () => {
      killAll()
      process.kill(process.pid, signal)
    })
  }
}

function killAll(): void {
  for (const child of children) child.kill('SIGKILL')
}

// A running child keeps the test file alive. Programs that use this module outside of a test file, even when a test starts them, are not
// tests.
if (/\.test\.[jt]s$/.test(process.argv[1] ?? '')) {
  after(() => {
    const left = [...children].map(({ pid, spawnargs }) => `${pid} (${spawnargs.join(' ')})`)
    killAll()
    if (left.length > 0) throw new Error(`Tests left processes running: ${left.join(', ')}.`)
  })
}
