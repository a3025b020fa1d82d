/** The stores available for measurements: SQLite, and the servers that the environment names, as for the tests. */
import { discoverStores } from '../harness/stores.ts'

export interface LabStore {
  readonly name: string
  readonly url: string
}

/** @throws Error when `HOLDFAST_TEST_STORES` requests a store that is missing */
export function labStores(): readonly LabStore[] {
  return discoverStores()
    .found.filter(({ name }) => name !== 'memory')
    .map(({ name, server }) => ({ name, url: server ?? 'sqlite:' }))
}
