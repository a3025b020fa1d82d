/** After this many turns of the event loop, everything is done that does not wait for a clock, a disk or the network. */
const QUIET_TURNS = 50

/** Waits until all other work waits for something external, independent of the machine's load. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < QUIET_TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
}
