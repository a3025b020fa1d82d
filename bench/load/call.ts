/** One command that is to be sent, and where the next one comes from. */

export type CallKind = 'freeze' | 'settle' | 'release' | 'transfer'

export interface Call {
  readonly kind: CallKind
  /** Sends the command. Resolves when it is answered. @throws what the strategy throws */
  run(): Promise<unknown>
}

/** An endless source of calls. What a call brings about, a hold for example, may lead to a later call. */
export interface Workload {
  next(): Call
}
