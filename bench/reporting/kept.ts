/** Figures of other commands, in files beside the report: a JSON list, one figure per line. */
import { readFile, writeFile } from 'node:fs/promises'

/** Empty when there is no such file. */
export async function readList<Figure>(file: string): Promise<readonly Figure[]> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as Figure[]
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

/** Adds the figures to the file, in place of older ones of the same name, in the order of the names. */
export async function addToList<Figure>(
  file: string,
  figures: readonly Figure[],
  nameOf: (figure: Figure) => string,
): Promise<void> {
  const replaced = new Set(figures.map(nameOf))
  const others = (await readList<Figure>(file)).filter((figure) => !replaced.has(nameOf(figure)))
  const all = [...others, ...figures].toSorted((left, right) => nameOf(left).localeCompare(nameOf(right), 'en'))
  await writeFile(file, `[\n${all.map((figure) => `  ${JSON.stringify(figure)}`).join(',\n')}\n]\n`)
}
