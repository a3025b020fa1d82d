/**
 * Database servers that are installed on this machine, so that a test can start one of its own. Their settings make an acknowledged commit
 * survive a crash.
 */
import { spawnSync } from 'node:child_process'
import { accessSync, constants, existsSync, globSync, realpathSync } from 'node:fs'
import { tmpdir, userInfo } from 'node:os'
import { basename, delimiter, dirname, join } from 'node:path'
import { isAskedFor } from './stores.ts'

export type ServerName = 'mariadb' | 'mysql' | 'postgres'

export const SERVER_NAMES: readonly ServerName[] = ['mariadb', 'mysql', 'postgres']

export type CommandLine = readonly [program: string, ...parameters: readonly string[]]

/** Paths as the server sees them. */
export interface ServerPlace {
  /** The data directory is its subfolder `data`. */
  readonly folder: string
  readonly port: number
  /** The certificates in the folder, see `TLS_FILES`; null for a server without TLS. With TLS the server refuses other connections. */
  readonly tls: TlsFiles | null
}

export interface TlsFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
  /** PostgreSQL's pg_hba.conf. */
  readonly rules: string
}

export interface Installation {
  readonly name: ServerName
  /** The directory that the programs see as `/`. */
  readonly root: string
  /** The user that runs the server; null for the user of this process. */
  readonly owner: { readonly uid: number; readonly gid: number } | null
  /** The command that creates the data directory. */
  initialise(folder: string): CommandLine
  /** The command that runs the server in the foreground. */
  serve(place: ServerPlace): CommandLine
}

export interface InstallationFound {
  readonly installation: Installation | null
  /** Why it is null, as test reports show it. */
  readonly reason: string
}

/**
 * @param isAsked the result of `isAskedFor`
 * @throws Error when the server was requested and is not installed
 */
export function installationUnderTest(
  name: ServerName,
  isAsked: boolean | null = isAskedFor(name),
  find = findInstallation,
): InstallationFound {
  if (isAsked === false) return { installation: null, reason: `HOLDFAST_TEST_STORES excludes ${name}` }
  const found = find(name)
  if (found.installation !== null || isAsked === null) return found
  throw new Error(
    `HOLDFAST_TEST_STORES requests ${name}, and no server that tests can start is installed: ${found.reason}.`,
  )
}

export function findInstallation(name: ServerName): InstallationFound {
  const found = FINDERS[name]()
  return typeof found === 'string' ? { installation: null, reason: found } : { installation: found, reason: '' }
}

const FINDERS: Readonly<Record<ServerName, () => Installation | string>> = {
  mariadb: findMariadb,
  mysql: findMysql,
  postgres: findPostgres,
}

function findMariadb(): Installation | string {
  const server = programOnPath('mariadbd')
  const installer = programOnPath('mariadb-install-db')
  if (server === null || installer === null) return 'no mariadbd is installed'
  const { username } = userInfo()
  return {
    name: 'mariadb',
    root: '/',
    owner: null,
    initialise: (folder) => [
      installer,
      '--no-defaults',
      `--user=${username}`,
      `--datadir=${folder}/data`,
      '--auth-root-authentication-method=normal',
      '--skip-test-db',
    ],
    serve: (place) => [
      server,
      ...mysqlParameters(place, username),
      // Off by default. With a binary log, a commit writes two logs that must agree after a crash.
      '--log-bin=binlog',
      '--binlog-format=ROW',
      '--innodb-log-file-size=64M',
    ],
  }
}

/** On the PATH, or in a separate Debian tree (see .ci/servers). */
function findMysql(): Installation | string {
  const installed = programOnPath('mysqld')
  // MariaDB installs its server under this name too.
  if (installed !== null && basename(realpathSync(installed)) !== 'mariadbd') return mysqlAt('/', [installed])
  const root = process.env['HOLDFAST_MYSQL_ROOT'] ?? join(tmpdir(), 'holdfast-mysql')
  if (!existsSync(join(root, 'usr/sbin/mysqld'))) return 'no mysqld of MySQL is installed'
  if (process.getuid?.() !== 0) return `only root can use the mysqld in ${root}`
  return mysqlAt(root, ['chroot', root, '/usr/sbin/mysqld'])
}

function mysqlAt(root: string, server: CommandLine): Installation {
  const { username } = userInfo()
  return {
    name: 'mysql',
    root,
    owner: null,
    initialise: (folder) => [
      ...server,
      '--no-defaults',
      '--initialize-insecure',
      `--user=${username}`,
      `--datadir=${folder}/data`,
      // Its default is a variable of this process, and may not be there in a separate tree.
      `--tmpdir=${folder}`,
    ],
    serve: (place) => [
      ...server,
      ...mysqlParameters(place, username),
      '--mysqlx=OFF',
      `--pid-file=${place.folder}/server.pid`,
      '--innodb-redo-log-capacity=64M',
    ],
  }
}

function mysqlParameters({ folder, port, tls }: ServerPlace, user: string): readonly string[] {
  return [
    '--no-defaults',
    `--user=${user}`,
    `--datadir=${folder}/data`,
    // A starting server removes the temporary tables that it finds there, those of other servers included.
    `--tmpdir=${folder}`,
    `--port=${port}`,
    '--bind-address=127.0.0.1',
    `--socket=${folder}/server.sock`,
    '--innodb-flush-log-at-trx-commit=1',
    '--sync-binlog=1',
    '--innodb-doublewrite=ON',
    '--innodb-buffer-pool-size=64M',
    '--max-connections=200',
    ...(tls === null
      ? []
      : [
          `--ssl-ca=${tls.ca}`,
          `--ssl-cert=${tls.cert}`,
          `--ssl-key=${tls.key}`,
          // Refuses connections without TLS.
          '--require-secure-transport=ON',
        ]),
  ]
}

function findPostgres(): Installation | string {
  const server = newestPostgres() ?? programOnPath('postgres')
  if (server === null) return 'no PostgreSQL server is installed'
  // Its processes share no process group that could be killed at once.
  if (!existsSync('/proc/self/stat')) return 'without /proc the processes of a PostgreSQL server cannot be found'
  const owner = ownerNamed('postgres')
  if (owner === undefined) return 'PostgreSQL refuses to run as root, and there is no user postgres'
  const settings = {
    fsync: 'on',
    synchronous_commit: 'on',
    full_page_writes: 'on',
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '64MB',
  }
  return {
    name: 'postgres',
    root: '/',
    owner,
    initialise: (folder) => [
      join(dirname(server), 'initdb'),
      '--no-sync',
      '--no-locale',
      '--encoding=UTF8',
      '--auth=trust',
      '--username=postgres',
      `--pgdata=${folder}/data`,
    ],
    serve: ({ folder, port, tls }) => {
      const withTls =
        tls === null
          ? {}
          : { ssl: 'on', ssl_ca_file: tls.ca, ssl_cert_file: tls.cert, ssl_key_file: tls.key, hba_file: tls.rules }
      const parameters = Object.entries({ ...settings, ...withTls }).flatMap(([name, value]) => [
        '-c',
        `${name}=${value}`,
      ])
      return [server, '-D', `${folder}/data`, '-p', String(port), ...parameters]
    },
  }
}

/** Debian installs each version into a folder of its own that is not on the PATH. */
function newestPostgres(): string | null {
  const versionOf = (path: string): number => Number(path.split('/').at(-3))
  const programs = globSync('/usr/lib/postgresql/*/bin/postgres').toSorted((a, b) => versionOf(a) - versionOf(b))
  return programs.at(-1) ?? null
}

/** The user for a server that root should not run; undefined when there is no such user. */
export function ownerNamed(user: string): Installation['owner'] | undefined {
  if (process.getuid?.() !== 0) return null
  const [uid, gid] = ['-u', '-g'].map((flag) => {
    const { status, stdout } = spawnSync('id', [flag, user], { encoding: 'utf8' })
    return status === 0 ? Number(stdout) : undefined
  })
  return uid === undefined || gid === undefined ? undefined : { uid, gid }
}

/** The PATH of an unprivileged user often lacks the sbin folders. */
function programOnPath(name: string): string | null {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/local/sbin', '/usr/sbin', '/sbin']
  return folders.map((folder) => join(folder, name)).find(isExecutable) ?? null
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
