/** The last step of every generator: writes the file or, with `--check`, compares it. */
import { readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'

/** `path` is relative to the repository's root. */
export async function generate(path: string, text: string): Promise<void> {
  const file = new URL(`../${path}`, import.meta.url)
  if (!process.argv.includes('--check')) return writeFile(file, text)
  const present = await readFile(file, 'utf8').catch(() => null)
  if (present === text) return
  const state = present === null ? 'is missing' : 'is not up to date'
  console.error(`${path} ${state}; run: node tools/${basename(process.argv[1]!)}`)
  process.exitCode = 1
}
