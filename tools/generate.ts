/** What every generator does with its text: write the file, or, with `--check`, see whether it is up to date. */
import { readFile, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'

/** `path` goes from the root of the repository. */
export async function generate(path: string, text: string): Promise<void> {
  const file = new URL(`../${path}`, import.meta.url)
  if (!process.argv.includes('--check')) return writeFile(file, text)
  const present = await readFile(file, 'utf8').catch(() => null)
  if (present === text) return
  const state = present === null ? 'is missing' : 'is not up to date'
  console.error(`${path} ${state}; run: node tools/${basename(process.argv[1]!)}`)
  process.exitCode = 1
}
