/** Certificates for tests, made by openssl; no system trusts them. */
import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { runChild } from '../../harness/children.ts'

const OPENSSL = 'openssl'

/** Why no certificates can be made; null when they can. */
export function withoutOpenssl(): string | null {
  return spawnSync(OPENSSL, ['version']).status === 0 ? null : 'openssl is not installed'
}

/** Paths of PEM files. */
export interface Certificate {
  readonly cert: string
  readonly key: string
}

/** Files in a temporary folder; removed when disposed. */
export class Certificates implements AsyncDisposable {
  /** The authority that signed the certificates below. */
  readonly authority: Certificate
  /** Another authority, which signed none of them. */
  readonly stranger: Certificate
  /** A server certificate for `localhost`, not for its IP address. */
  readonly localhost: Certificate
  /** A server certificate for `127.0.0.1` only. */
  readonly address: Certificate
  readonly client: Certificate
  readonly #folder: string

  static async make(): Promise<Certificates> {
    const certificates = new Certificates(await mkdtemp(join(tmpdir(), 'holdfast-tls-')))
    const { authority, stranger, localhost, address, client } = certificates
    await Promise.all([makeAuthority(authority), makeAuthority(stranger)])
    await sign(localhost, authority, 'subjectAltName=DNS:localhost')
    await sign(address, authority, 'subjectAltName=IP:127.0.0.1')
    await sign(client, authority, 'extendedKeyUsage=clientAuth')
    return certificates
  }

  private constructor(folder: string) {
    const named = (name: string): Certificate => ({
      cert: join(folder, `${name}.pem`),
      key: join(folder, `${name}.key`),
    })
    this.authority = named('authority')
    this.stranger = named('stranger')
    this.localhost = named('localhost')
    this.address = named('address')
    this.client = named('client')
    this.#folder = folder
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true })
  }
}

async function makeAuthority(authority: Certificate): Promise<void> {
  await openssl(['req', '-x509', '-days', '2', ...newKey(authority), '-out', authority.cert])
}

async function sign(certificate: Certificate, authority: Certificate, extension: string): Promise<void> {
  const { cert } = certificate
  const [request, extensions] = [`${cert}.request`, `${cert}.extensions`]
  await writeFile(extensions, extension)
  await openssl(['req', '-new', ...newKey(certificate), '-out', request])
  const signature = ['-CA', authority.cert, '-CAkey', authority.key, '-CAcreateserial', '-extfile', extensions]
  await openssl(['x509', '-req', '-days', '2', '-in', request, ...signature, '-out', cert])
}

async function openssl(parameters: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await runChild(OPENSSL, parameters)
  if (exitCode !== 0) throw new Error(`openssl failed:\n${stderr}`)
}

function newKey({ cert, key }: Certificate): readonly string[] {
  const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  return [...algorithm, '-keyout', key, '-subj', `/CN=Holdfast test ${basename(cert, '.pem')}`]
}
