/** A small in-memory file system for one test, which can be filled. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, openSync, rmSync, rmdirSync, writeSync, closeSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const BLOCK = Buffer.alloc(4_096, 1)

export class SmallDisk implements Disposable {
  readonly folder: string
  readonly #ballast: string

  /** @throws Error if this process may not mount */
  static mount(megabytes: number): SmallDisk {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-disk-'))
    const parameters = ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'holdfast-test', folder]
    const { status, stderr, error } = spawnSync('mount', parameters, { encoding: 'utf8' })
    if (status === 0) return new SmallDisk(folder)
    rmdirSync(folder)
    throw new Error(`No file system could be mounted: ${error?.message ?? stderr}`)
  }

  /** Why none can be mounted, for the test report; false if it can. */
  static missing(): string | false {
    try {
      SmallDisk.mount(1)[Symbol.dispose]()
      return false
    } catch (error) {
      return (error as Error).message.trim()
    }
  }

  private constructor(folder: string) {
    this.folder = folder
    this.#ballast = join(folder, 'ballast')
  }

  /** Leaves no free block. */
  fill(): void {
    const file = openSync(this.#ballast, 'a')
    try {
      for (;;) writeSync(file, BLOCK)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
    } finally {
      closeSync(file)
    }
  }

  empty(): void {
    rmSync(this.#ballast)
  }

  [Symbol.dispose](): void {
    spawnSync('umount', ['--lazy', this.folder])
    rmdirSync(this.folder)
  }
}
