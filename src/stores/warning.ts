/** What the operator should know about the settings of a database, as a sentence with a stable code. */

export type StoreWarningCode =
  | 'asynchronous'
  | 'binlog_format'
  | 'data_loss'
  | 'foreign_engine'
  | 'full_page_writes'
  | 'galera'
  | 'group_consistency'
  | 'flush_log'
  | 'host_unreachable'
  | 'hosts_disagree'
  | 'page_writes'
  | 'read_only'
  | 'semi_sync'
  | 'standbys'
  | 'standbys_hidden'
  | 'sync_binlog'
  | 'synchronous_commit'
  | 'unencrypted'

export interface StoreWarning {
  readonly code: StoreWarningCode
  readonly message: string
}

export function messagesOf(warnings: Iterable<StoreWarning>): readonly string[] {
  return [...warnings].map(({ message }) => message)
}
