/** Turns of the event loop after which nobody is at work who waits for no clock, no disk and no network. */
const QUIET_TURNS = 50

/** Waits until everybody else waits: the same on a machine that is busy with other things. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
}
