/** The lock file is complete: it contains the packages of every platform, not only those of the machine that wrote it. */
import type { Violation } from './source.ts'

interface Package {
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export interface LockFile {
  readonly packages: Readonly<Record<string, Package>>
}

/** A registry without a platform's package leaves it out silently; npm 11 then refuses to install. */
export function lockFileViolations({ packages }: LockFile): readonly Violation[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !placesOf(path, name).some((place) => place in packages))
      .map((name) => `package-lock.json: ${path} may need ${name}, which is missing`),
  )
}

/** The paths at which a package at `path` finds another: its own node_modules, and those above. */
function placesOf(path: string, name: string): readonly string[] {
  const places = [`${path}/node_modules/${name}`]
  const folders = path.split('/')
  for (let depth = folders.length - 1; depth >= 0; depth -= 1) {
    if (folders[depth] === 'node_modules') places.push([...folders.slice(0, depth + 1), name].join('/'))
  }
  return [...places, `node_modules/${name}`]
}
