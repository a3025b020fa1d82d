/** The lock file is whole: it knows the packages of every platform, not only of the one that it was written on. */
import type { Violation } from './source.ts'

interface Package {
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

export interface LockFile {
  readonly packages: Readonly<Record<string, Package>>
}

/** A registry that lacks a platform's package leaves it out in silence; npm 11 then refuses to install at all. */
export function lockFileViolations({ packages }: LockFile): readonly Violation[] {
  return Object.entries(packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !placesOf(path, name).some((place) => place in packages))
      .map((name) => `package-lock.json: ${path} may need ${name}, which is not there`),
  )
}

/** Where a package at `path` finds another: in its own node_modules and in those above. */
function placesOf(path: string, name: string): readonly string[] {
  const places = [`${path}/node_modules/${name}`]
  const folders = path.split('/')
  for (let depth = folders.length - 1; depth >= 0; depth -= 1) {
    if (folders[depth] === 'node_modules') places.push([...folders.slice(0, depth + 1), name].join('/'))
  }
  return [...places, `node_modules/${name}`]
}
