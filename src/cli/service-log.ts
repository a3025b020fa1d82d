/** What the service logs about its commands and about trouble. */
import type { Logger } from 'pino'
import type { Settings } from '../config.ts'
import type { EmbeddedLedger, Observer } from '../ledger.ts'
import { CommandLog } from '../telemetry/command-log.ts'
import { TroubleLog } from '../telemetry/trouble-log.ts'
import type { LogOutput } from './log-output.ts'

export class ServiceLog {
  readonly log: Logger
  readonly output: LogOutput
  readonly troubles: TroubleLog
  readonly #commands: CommandLog | null

  constructor(log: Logger, output: LogOutput, { logCommands: share }: Pick<Settings, 'logCommands'>) {
    this.log = log
    this.output = output
    this.troubles = new TroubleLog(log)
    const together = (action: () => void): void => output.together(action)
    this.#commands = share > 0 && log.isLevelEnabled('info') ? new CommandLog({ log, share, together }) : null
  }

  get observers(): readonly Observer[] {
    return this.#commands === null ? [this.troubles] : [this.troubles, this.#commands]
  }

  watch({ engine }: EmbeddedLedger): void {
    this.troubles.watchRefusals(engine.measures)
  }

  /** Writes what is counted, or waits to be written. */
  flush(): void {
    this.#commands?.flush()
    this.troubles.flush()
  }
}
