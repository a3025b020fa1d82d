/** The way back from a step of the guide, with old code at work until the bridge is gone and after that. */
import assert from 'node:assert/strict'
import type { Share } from '../../harness/old-application.ts'
import type { ServerName } from '../../harness/server-installations.ts'
import type { RoadGuide } from './guide.ts'
import { ALL, FEW, NONE, SOME } from './shares.ts'
import type { RoadSystem } from './system.ts'

/** A step that was reached. */
export interface Station {
  readonly name: string
  readonly atomic: Share
  readonly locking: Share
  readonly isPaused?: boolean
}

export const STATIONS: readonly Station[] = [
  { name: '3. Watch', atomic: 'old', locking: 'old' },
  { name: '4. Move the atomic methods, 1 %', atomic: FEW, locking: 'old' },
  { name: '4. Move the atomic methods, 10 %', atomic: SOME, locking: 'old' },
  { name: '4. Move the atomic methods, all', atomic: ALL, locking: 'old' },
  { name: '5. Move the methods with row locks', atomic: ALL, locking: ALL },
  { name: '6. Pause the old side', atomic: ALL, locking: ALL, isPaused: true },
  { name: '7. Stop the old writers', atomic: 'ledger', locking: 'ledger', isPaused: true },
]

const STRETCH = 60
/** Freezes that are open when the bridge is removed. */
const LONG_JOBS = 9

/** Walks to the station, and back as the guide says. */
export async function goThereAndBack(
  system: RoadSystem,
  guide: RoadGuide,
  server: ServerName,
  { atomic, locking, isPaused = false }: Station,
): Promise<void> {
  const { callers } = system
  callers.resume()
  if (server === 'mariadb') await system.query(guide.statement('2.'))
  await system.run(guide.commands('2.')[0]!)
  await system.startServices()
  await callers.pause()
  system.share(isPaused ? ALL : atomic, isPaused ? ALL : locking)
  callers.resume()
  await callers.progress(STRETCH)
  if (isPaused) {
    await system.oldFreezesEnd()
    const [pause, resume] = guide.commands('6.')
    await system.run(pause!)
    await callers.pause()
    system.share(atomic, locking)
    callers.resume()
    await callers.progress(STRETCH)
    await system.run(resume!)
  }
  await callers.pause()
  await callers.beginLong(LONG_JOBS)
  system.share(NONE, NONE)
  callers.resume()
  await callers.progress(STRETCH)
  await callers.pause()
  await system.assertOldRows()
  system.share('old', 'old')
  await system.stopServices()
  callers.resume()
  await system.run(guide.commands('Going back')[0]!)
  await callers.progress(STRETCH)
  await callers.end()
  await system.assertOldRows()
  assert.equal(await system.oldFreezes(), 0, 'the old methods have ended what was handed over')
}
