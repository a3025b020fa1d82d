/** What a caller wants if its command is a repeat: the first answer again, or a refusal. It is no part of the contents of a request. */
export const IF_REPLAYED = ['answer', 'refuse'] as const
export type IfReplayed = (typeof IF_REPLAYED)[number]

export interface Replaying {
  /** Default: `answer`. */
  readonly ifReplayed?: IfReplayed
}
