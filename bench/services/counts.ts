/** What services have counted, from the texts of their metrics. */

export interface ServiceCounts {
  readonly batches: number
  readonly commands: number
  /** Commits that another writer made fail. */
  readonly conflicts: number
}

const CONFLICTS = ['stale', 'deadlock', 'lock_timeout', 'serialization']

/** @param texts one of each service */
export function countsIn(texts: readonly string[]): ServiceCounts {
  const sum = (pattern: RegExp): number =>
    texts.flatMap((text) => [...text.matchAll(pattern)]).reduce((total, [, value]) => total + Number(value), 0)
  return {
    batches: sum(/^holdfast_batch_commands_count (\S+)$/gm),
    commands: sum(/^holdfast_batch_commands_sum (\S+)$/gm),
    conflicts: sum(new RegExp(`^holdfast_conflicts_total\\{kind="(?:${CONFLICTS.join('|')})"\\} (\\S+)$`, 'gm')),
  }
}
