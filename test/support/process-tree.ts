/** Ends a process together with its children, as listed by Linux under /proc. */
import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** Sends SIGKILL to the process and its children. Resolves when the children are gone; the process itself is reaped by its parent. */
export async function killWithChildren(pid: number): Promise<void> {
  // A stopped process starts no more children while they are listed.
  process.kill(pid, 'SIGSTOP')
  const children = childrenOf(pid)
  for (const each of [pid, ...children]) send(each)
  while (children.some(isRunning)) await sleep(1)
}

/** The process and its children. */
export function withChildren(pid: number): readonly number[] {
  return [pid, ...childrenOf(pid)]
}

function childrenOf(parent: number): readonly number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter((pid) => statusOf(pid)?.parent === parent)
}

/** A zombie still has a row. */
function isRunning(pid: number): boolean {
  const state = statusOf(pid)?.state
  return state !== undefined && state !== 'Z' && state !== 'X'
}

function statusOf(pid: number): { readonly state: string; readonly parent: number } | null {
  try {
    const row = readFileSync(`/proc/${pid}/stat`, 'latin1')
    // Skips the program's name, which may contain any character.
    const [state, parent] = row.slice(row.lastIndexOf(')') + 2).split(' ')
    return { state: state!, parent: Number(parent) }
  } catch {
    return null
  }
}

function send(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}
