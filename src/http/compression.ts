/**
 * Compression of lists and files with gzip, for callers that accept it.
 *
 * A short answer is sent as it is: compressing costs more than it saves. Of a page of 1,000 lines (360 kB) a tenth is left; at level 1
 * that takes 2 ms of a thread of the pool, at level 6 five times as long for 10 % less. A file is compressed while it is generated: an
 * error of its source resets the connection as without compression, so a truncated file has neither an end row nor the end of its gzip
 * stream.
 */
import { pipeline, Readable } from 'node:stream'
import { constants, createGzip, gzip } from 'node:zlib'
import type { FastifyInstance, FastifyReply, FastifyRequest, onSendHookHandler } from 'fastify'
import type { HttpLimits } from './limits.ts'

const LEVEL = { level: constants.Z_BEST_SPEED }

type Limits = Pick<HttpLimits, 'compressedCharactersMin' | 'compressionsMax'>

/** Compresses the answers of all reads whose routes are added to `app` from now on. Commands are not concerned. */
export function compressReads(app: FastifyInstance, limits: Limits): void {
  const compress = compressor(limits)
  app.addHook('onRoute', (route) => {
    if (route.method === 'GET' && route.url.startsWith(`${app.prefix}/v1/`)) route.onSend = compress
  })
}

function compressor({ compressedCharactersMin, compressionsMax }: Limits): onSendHookHandler {
  let underWay = 0
  return (request: FastifyRequest, reply: FastifyReply, payload: unknown, done) => {
    const isFile = payload instanceof Readable
    if (!isFile && (typeof payload !== 'string' || payload.length < compressedCharactersMin)) return done(null, payload)
    reply.header('vary', 'accept-encoding')
    // Each compression has a buffer of its own. Beyond the limit, answers are larger instead of later.
    if (underWay >= compressionsMax || !acceptsGzip(request.headers['accept-encoding'])) return done(null, payload)
    underWay += 1
    if (isFile) {
      reply.header('content-encoding', 'gzip')
      const file = createGzip(LEVEL)
      file.once('close', () => underWay--)
      pipeline(payload, file, () => {})
      return done(null, file)
    }
    gzip(payload, LEVEL, (error, compressed) => {
      underWay -= 1
      if (error !== null) return done(null, payload)
      reply.header('content-encoding', 'gzip')
      done(null, compressed)
    })
  }
}

/** RFC 9110, section 12.5.3. */
function acceptsGzip(header: string | string[] | undefined): boolean {
  if (header === undefined) return false
  let any = false
  for (const item of String(header).split(',')) {
    const [coding = '', ...parameters] = item.split(';').map((part) => part.trim().toLowerCase())
    if (coding !== 'gzip' && coding !== 'x-gzip' && coding !== '*') continue
    const isAccepted = !parameters.some((parameter) => /^q=0(\.0{1,3})?$/.test(parameter))
    if (coding !== '*') return isAccepted
    any = isAccepted
  }
  return any
}
