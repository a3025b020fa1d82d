/** The stores that are there to be measured: SQLite always, a server when the environment names one, as for the tests. */
import { discoverStores } from '../harness/stores.ts'

export interface LabStore {
  readonly name: string
  readonly url: string
}

/** @throws Error when `HOLDFAST_TEST_STORES` asks for one that is missing */
export function labStores(): readonly LabStore[] {
  return discoverStores()
    .found.filter(({ name }) => name !== 'memory')
    .map(({ name, server }) => ({ name, url: server ?? 'sqlite:' }))
}
