/**
 * ops/docker: what the files say, and the image's own commands over what its stages make, in a tree that cannot be written.
 *
 * No container is started. The packages are those of the checkout, with the others that only development needs.
 */
import assert from 'node:assert/strict'
import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, existsSync, globSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { parse } from 'yaml'
import { runChild, startChild } from '../../harness/children.ts'
import { freePort } from '../support/free-port.ts'
import { durationMs, instructionsOf, PORT, ROOT, SHUTDOWN_MS, textOf } from './ops-files.ts'

const INSTRUCTIONS = instructionsOf(textOf('ops/docker/Dockerfile'))
const ENVIRONMENT: Readonly<Record<string, string>> = Object.fromEntries(
  all('ENV').flatMap((rest) => [...rest.matchAll(/(\w+)=(\S+)/g)].map(([, name, value]) => [name!, value!])),
)

function all(name: string): readonly string[] {
  return INSTRUCTIONS.filter((instruction) => instruction.name === name).map(({ rest }) => rest)
}

/** The words of an instruction in the exec form. */
function words(text: string): readonly string[] {
  return JSON.parse(text) as string[]
}

const [ENTRYPOINT, CMD] = [words(all('ENTRYPOINT')[0]!), words(all('CMD')[0]!)]
const HEALTH = words(/CMD (\[.*\])$/.exec(all('HEALTHCHECK')[0]!)![1]!)

describe('the Dockerfile', () => {
  test('every file that it copies exists, and is not left out by .dockerignore', () => {
    const sent = textOf('.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []))
    const copied = all('COPY')
      .filter((rest) => !rest.startsWith('--from'))
      .flatMap((rest) => rest.split(' ').slice(0, -1))
    assert.ok(copied.length > 8)
    for (const path of copied) {
      assert.ok(existsSync(join(ROOT, path)), path)
      assert.ok(
        sent.some((allowed) => path === allowed || path.startsWith(`${allowed}/`)),
        `.dockerignore keeps ${path} out`,
      )
    }
    for (const path of sent) assert.ok(copied.includes(path), `${path} is sent, and not copied`)
  })

  test('what comes from a stage is made there', () => {
    const stages = new Set(all('FROM').flatMap((rest) => / AS (\w+)$/.exec(rest)?.slice(1) ?? []))
    const made = all('COPY').flatMap((rest) => /^--from=(\w+) \/build\/(\S+) /.exec(rest)?.slice(1) ?? [])
    assert.deepEqual(made, ['dependencies', 'node_modules', 'build', 'dist', 'build', 'console/dist'])
    assert.deepEqual([...stages], ['build', 'dependencies'])
  })

  test('its user is a number that is not root, its port is the default, and its Node is new enough', () => {
    assert.match(all('USER')[0]!, /^[1-9]\d*:[1-9]\d*$/)
    assert.equal(all('EXPOSE')[0], String(PORT))
    assert.equal(ENVIRONMENT['HOLDFAST_PORT'], String(PORT))
    const { engines } = JSON.parse(textOf('package.json')) as { readonly engines: { readonly node: string } }
    const [image, least] = [all('ARG')[0]!, engines.node].map((text) => Number(/(?:node:|>=)(\d+)/.exec(text)![1]))
    assert.ok(image! > least!, `Node ${image} of the image, ${least} at least`)
  })
})

interface Service {
  readonly image?: string
  readonly ports?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly secrets?: readonly string[]
  readonly volumes?: readonly string[]
  readonly depends_on?: Readonly<Record<string, object>>
  readonly healthcheck?: object
  readonly profiles?: readonly string[]
  readonly stop_grace_period: string
  readonly read_only?: boolean
}

describe('compose.yaml', () => {
  const compose = parse(textOf('ops/docker/compose.yaml'), { merge: true }) as {
    readonly services: Readonly<Record<string, Service>>
    readonly volumes: Readonly<Record<string, object>>
    readonly secrets: Readonly<Record<string, { readonly file: string }>>
  }
  const services = Object.entries(compose.services)
  const own = services.filter(([, { image }]) => image === 'holdfast')

  test('only the service over SQLite starts without a profile, and everything that is named is there', () => {
    assert.deepEqual(
      services.filter(([, { profiles }]) => profiles === undefined).map(([name]) => name),
      ['holdfast'],
    )
    for (const [name, service] of services) {
      for (const secret of service.secrets ?? []) assert.ok(secret in compose.secrets, `${name}: ${secret}`)
      for (const volume of service.volumes ?? [])
        assert.ok(Object.hasOwn(compose.volumes, volume.split(':', 1)[0]!), `${name}: ${volume}`)
      for (const [other, condition] of Object.entries(service.depends_on ?? {})) {
        const needed = compose.services[other]
        assert.deepEqual(needed?.profiles, service.profiles, `${name} needs ${other} in its profile`)
        const isHealth = JSON.stringify(condition).includes('service_healthy')
        assert.ok(!isHealth || needed?.healthcheck !== undefined, `${other} has no health check`)
      }
    }
  })

  test('the services are read-only, published on this machine only, and have the time to stop', () => {
    assert.equal(own.length, 5)
    for (const [name, service] of own) {
      assert.equal(service.read_only, true, name)
      assert.ok(durationMs(service.stop_grace_period) > SHUTDOWN_MS, name)
      for (const port of service.ports ?? []) assert.match(port, new RegExp(`^127\\.0\\.0\\.1:\\d+:${PORT}$`), name)
      const file = service.environment?.['HOLDFAST_STORE_FILE']
      if (file !== undefined)
        assert.ok(service.secrets?.includes(file.replace('/run/secrets/', '')), `${name}: ${file}`)
    }
    const folder = compose.services['holdfast']!.volumes![0]!.split(':')[1]!
    assert.ok(
      all('RUN').some((command) => command.endsWith(` ${folder}`)),
      `the image has no folder ${folder}`,
    )
  })

  test('its script makes the secrets that it names, once', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-secrets-'))
    try {
      cpSync(join(ROOT, 'ops/docker/secrets.sh'), join(folder, 'secrets.sh'))
      const made = async (): Promise<readonly string[]> => {
        const { exitCode, stdout, stderr } = await runChild('sh', ['-c', './secrets.sh && cat secrets/*'], {
          cwd: folder,
        })
        assert.equal(exitCode, 0, stderr)
        return [stdout, ...globSync('secrets/*', { cwd: folder }).toSorted()]
      }
      const [texts, ...files] = await made()
      const named = Object.values(compose.secrets).map(({ file }) => file.replace('./', ''))
      assert.deepEqual(files, named.toSorted())
      assert.match(texts!, /^[0-9a-f]{48}mysql:\/\/holdfast:[0-9a-f]{48}@mysql\/holdfast/)
      assert.equal(statSync(join(folder, 'secrets')).mode & 0o777, 0o700)
      assert.deepEqual(await made(), [texts, ...files])
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
})

describe('the image', () => {
  let folder = ''
  let service: ChildProcess | null = null

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-image-'))
    const home = join(folder, 'opt/holdfast')
    mkdirSync(join(folder, 'var/lib/holdfast/data'), { recursive: true })
    for (const path of ['package.json', 'openapi.json', 'bin'])
      cpSync(join(ROOT, path), join(home, path), { recursive: true })
    symlinkSync(join(ROOT, 'node_modules'), join(home, 'node_modules'))
    const parameters = ['--project', join(ROOT, 'tsconfig.build.json'), '--outDir', join(home, 'dist')]
    const { exitCode, stdout } = await runChild(join(ROOT, 'node_modules/.bin/tsc'), parameters)
    assert.equal(exitCode, 0, stdout)
    setWritable(false)
  })
  after(() => {
    service?.kill('SIGKILL')
    setWritable(true)
    rmSync(folder, { recursive: true })
  })

  /** Everything but the volume. */
  function setWritable(isWritable: boolean): void {
    for (const path of [...globSync('**/*', { cwd: folder, exclude: ['**/node_modules'] }), '.']) {
      if (path.endsWith('node_modules') || path.endsWith('holdfast/data')) continue
      const place = join(folder, path)
      if (path.endsWith('.db') && !isWritable) continue
      chmodSync(place, statSync(place).isDirectory() ? (isWritable ? 0o755 : 0o555) : 0o444)
    }
  }

  /** The command of the image in this folder. As root, without root's right to write everything. */
  function run(command: readonly string[], port: number): ChildProcess {
    const [program = '', ...parameters] = command.map((word) => (word.startsWith('/opt/') ? join(folder, word) : word))
    const powerless =
      process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-all', '--inh-caps=-all', '--no-new-privs'] : []
    const [first, ...others] = [...powerless, program === 'node' ? process.execPath : program, ...parameters]
    return startChild(first!, others, {
      cwd: join(folder, 'var/lib/holdfast'),
      env: { PATH: process.env['PATH'], ...ENVIRONMENT, HOLDFAST_PORT: String(port) },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
  }

  async function exitCodeOf(child: ChildProcess): Promise<number | null> {
    const [exitCode] = (await once(child, 'close')) as [number | null]
    return exitCode
  }

  test('it serves from a read-only tree, is found healthy, and ends with 0 after SIGTERM', async () => {
    const port = await freePort()
    assert.notEqual(await exitCodeOf(run(['touch', '/opt/holdfast/probe'], port)), 0, 'the tree can be written')
    assert.equal(await exitCodeOf(run(HEALTH, port)), 1, 'nothing serves yet')
    const making = run([...ENTRYPOINT, 'keys', 'create', '--admin'], port)
    let key = ''
    making.stdout!.setEncoding('utf8').on('data', (part: string) => (key += part))
    assert.equal(await exitCodeOf(making), 0)
    service = run([...ENTRYPOINT, ...CMD], port)
    let log = ''
    service.stderr!.setEncoding('utf8').on('data', (part: string) => (log += part))
    while ((await exitCodeOf(run(HEALTH, port))) !== 0) {
      assert.equal(service.exitCode, null, log)
      await sleep(100)
    }
    const answer = await fetch(`http://127.0.0.1:${port}/v1/deposits`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${key.trim()}` },
      body: JSON.stringify({ account: 'user:8', amount: '10' }),
    })
    assert.equal(answer.status, 201)
    const ended = exitCodeOf(service)
    service.kill('SIGTERM')
    assert.equal(await ended, 0, log)
    assert.equal(statSync(join(folder, 'var/lib/holdfast/data/holdfast.db')).mode & 0o777, 0o600)
  })
})
