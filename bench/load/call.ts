/** One command to be sent, and the source of the next one. */

export type CallKind = 'freeze' | 'settle' | 'release' | 'transfer'

export interface Call {
  readonly kind: CallKind
  /** Sends the command and resolves when it is answered. @throws the strategy's error */
  run(): Promise<unknown>
}

/** An endless source of calls. The result of a call, such as a hold, may be used by a later call. */
export interface Workload {
  next(): Call
}
