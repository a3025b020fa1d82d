/** The browser that tests and tools use: Debian's Chromium, or another one that is named. */
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { chromium, type Browser } from 'playwright-core'

const HOW = 'apt-get install -y chromium fonts-noto-cjk, or set HOLDFAST_TEST_CHROMIUM to the path of a Chromium.'

/** @throws Error if there is none: what needs a browser is never skipped */
export async function openChromium(): Promise<Browser> {
  // As root, Chromium runs only without its sandbox. The pages are the project's own.
  return await chromium.launch({ executablePath: findChromium(), args: ['--no-sandbox', '--disable-dev-shm-usage'] })
}

function findChromium(): string {
  const named = process.env['HOLDFAST_TEST_CHROMIUM']
  const folders = (process.env['PATH'] ?? '').split(delimiter)
  const candidates = named === undefined ? folders.map((folder) => join(folder, 'chromium')) : [named]
  const found = candidates.find((path) => existsSync(path))
  if (found === undefined) throw new Error(`No Chromium was found. ${HOW}`)
  return found
}
