/** Prints the size of the client in a browser bundle: `npm run -s client:size`. */
import { resolve } from 'node:path'
import { brotliCompressSync, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

const { outputFiles } = await build({
  entryPoints: [resolve(import.meta.dirname, '../src/client/index.ts')],
  bundle: true,
  minify: true,
  format: 'esm',
  platform: 'browser',
  write: false,
})
const { contents } = outputFiles[0]!
const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(1)} kB`
process.stdout.write(
  `minified ${kilobytes(contents.length)}, gzip ${kilobytes(gzipSync(contents).length)}, ` +
    `brotli ${kilobytes(brotliCompressSync(contents).length)}\n`,
)
