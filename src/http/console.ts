/** The console at `/` (console/): one page, and files whose names change with their content. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import files from '@fastify/static'
import type { FastifyInstance } from 'fastify'

/** The same path from src/http and from dist/http. */
const BUILT = fileURLToPath(new URL('../../console/dist', import.meta.url))
const PAGE = 'index.html'
const USER_PAGE = 'user.html'
/** The prefix of the files; their folder has its name. */
const FILES = 'console'

/**
 * The page loads its own files and calls its own service, and nothing else. It cannot be framed, and no script or style can be put into
 * it. Nothing forces HTTPS, because the service may run without TLS.
 */
export const CONSOLE_POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** A folder with a built console. */
export interface BuiltConsole {
  readonly folder: string
  /** The page of operators. */
  readonly page: string
  /** The page of a user, who has a token. */
  readonly userPage: string
}

/** Null if it was not built, as with a bundle or after an `npm ci --ignore-scripts`. */
export function findConsole(folder = BUILT): BuiltConsole | null {
  const [page, userPage] = [PAGE, USER_PAGE].map((name) => join(folder, name))
  if (!existsSync(page!) || !existsSync(userPage!)) return null
  return { folder, page: readFileSync(page!, 'utf8'), userPage: readFileSync(userPage!, 'utf8') }
}

/** The files may be kept by browsers and proxies for ever: another content has another name. */
export async function consoleFiles(app: FastifyInstance, { folder }: BuiltConsole): Promise<void> {
  await app.register(files, {
    root: join(folder, FILES),
    prefix: `/${FILES}/`,
    // A route for each file, so that other paths are refused as everywhere.
    wildcard: false,
    index: false,
    decorateReply: false,
    preCompressed: true,
    cacheControl: true,
    immutable: true,
    maxAge: '365d',
    setHeaders: (reply) => void reply.header('x-content-type-options', 'nosniff'),
  })
}
