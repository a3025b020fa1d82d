/** What is reported of an erasure. */
export interface ErasureReport {
  /** Requests of the account that were looked at. */
  readonly requests: number
  /** Requests among them whose memo or metadata was erased now. */
  readonly erased: number
  /** Whether the account had metadata. */
  readonly hadMetadata: boolean
}

/** Called with the part of the whole that is done: 0 to 1. */
export type ErasureProgress = (share: number) => void
