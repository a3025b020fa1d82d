/** The panels of the Grafana dashboard, row by row. */

export interface Query {
  readonly expr: string
  /** The legend; `{{label}}` is replaced. */
  readonly legend: string
}

export interface Panel {
  readonly title: string
  /** What it answers, and what a healthy value is. */
  readonly description: string
  /** As Grafana names it: `s`, `bytes`, `percentunit`, `ops`, `short`. */
  readonly unit: string
  readonly queries: readonly Query[]
  /** Default: lines over time. `stat` shows the last value as a number. */
  readonly type?: 'timeseries' | 'stat'
  /** A value that is worth a red line. */
  readonly bound?: number
}

export interface Row {
  readonly title: string
  readonly panels: readonly Panel[]
}

const OF = 'instance=~"$instance"'

const rate = (metric: string, labels = ''): string => `rate(${metric}{${OF}${labels}}[$__rate_interval])`

const mean = (metric: string, by = ''): string =>
  `sum${by} (${rate(`${metric}_sum`)}) / sum${by} (${rate(`${metric}_count`)})`

const quantile = (share: number, metric: string, by = ''): string =>
  `histogram_quantile(${share}, sum by (le${by}) (${rate(`${metric}_bucket`)}))`

export const ROWS: readonly Row[] = [
  {
    title: 'Traffic',
    panels: [
      {
        title: 'Commands',
        description: 'Answered commands by outcome. A rejection is the business refusing; a fault is a failure.',
        unit: 'ops',
        queries: [{ expr: `sum by (outcome) (${rate('holdfast_commands_total')})`, legend: '{{outcome}}' }],
      },
      {
        title: 'Commands by kind',
        description: 'What the callers ask for.',
        unit: 'ops',
        queries: [{ expr: `sum by (kind) (${rate('holdfast_commands_total')})`, legend: '{{kind}}' }],
      },
      {
        title: 'Rejections',
        description: 'By code, such as insufficient_funds. docs/reference/problems.md explains each.',
        unit: 'ops',
        queries: [
          { expr: `sum by (code) (${rate('holdfast_commands_total', ',outcome="rejected"')})`, legend: '{{code}}' },
        ],
      },
      {
        title: 'Faults',
        description: 'Commands that failed, by code. Healthy: none.',
        unit: 'ops',
        queries: [{ expr: `sum by (code) (${rate('holdfast_faults_total')})`, legend: '{{code}}' }],
      },
      {
        title: 'Requests by status',
        description:
          'HTTP requests. 402 and 409 are rejections, 429 a rate, 503 an overload or a database that is away.',
        unit: 'reqps',
        queries: [
          {
            expr: `sum by (http_response_status_code) (${rate('http_server_request_duration_seconds_count')})`,
            legend: '{{http_response_status_code}}',
          },
        ],
      },
      {
        title: 'Alerts that fire',
        description: 'Those of ops/prometheus/rules.yml. docs/runbook.md has a section for each. Healthy: none.',
        unit: 'short',
        type: 'stat',
        queries: [
          { expr: 'sum by (alertname) (ALERTS{alertname=~"Holdfast.+",alertstate="firing"})', legend: '{{alertname}}' },
        ],
      },
    ],
  },
  {
    title: 'Latency',
    panels: [
      {
        title: 'Commands, from submission to answer',
        description: 'The alert HoldfastSlow fires at a mean of 50 ms, HoldfastSlowForSome at a p99 of 500 ms.',
        unit: 's',
        bound: 0.05,
        queries: [
          { expr: mean('holdfast_command_duration_seconds'), legend: 'mean' },
          { expr: quantile(0.5, 'holdfast_command_duration_seconds'), legend: 'p50' },
          { expr: quantile(0.99, 'holdfast_command_duration_seconds'), legend: 'p99' },
        ],
      },
      {
        title: 'Mean by kind of command',
        description: 'Commands of one batch are answered together, so kinds differ little.',
        unit: 's',
        queries: [{ expr: mean('holdfast_command_duration_seconds', ' by (kind)'), legend: '{{kind}}' }],
      },
      {
        title: 'Requests, p99 by route',
        description: 'The ten slowest routes, reads included.',
        unit: 's',
        queries: [
          {
            expr: `topk(10, ${quantile(0.99, 'http_server_request_duration_seconds', ', http_route')})`,
            legend: '{{http_route}}',
          },
        ],
      },
      {
        title: 'Wait for a batch',
        description: 'The part of the latency that is spent in the queue. It grows before anything else does.',
        unit: 's',
        queries: [
          { expr: mean('holdfast_queue_wait_seconds'), legend: 'mean' },
          { expr: quantile(0.99, 'holdfast_queue_wait_seconds'), legend: 'p99' },
        ],
      },
      {
        title: 'Time of a transaction',
        description: 'The part that the database takes. locked: the path that locks first, after a conflict.',
        unit: 's',
        queries: [
          { expr: mean('holdfast_commit_duration_seconds', ' by (path)'), legend: '{{path}} mean' },
          { expr: quantile(0.99, 'holdfast_commit_duration_seconds', ', path'), legend: '{{path}} p99' },
        ],
      },
      {
        title: 'Calls of the database, mean',
        description: 'By operation of the store.',
        unit: 's',
        queries: [
          {
            expr: mean('db_client_operation_duration_seconds', ' by (db_operation_name)'),
            legend: '{{db_operation_name}}',
          },
        ],
      },
    ],
  },
  {
    title: 'Commits and conflicts',
    panels: [
      {
        title: 'Transactions',
        description: 'By path and result. Healthy: swap committed, and little else.',
        unit: 'ops',
        queries: [{ expr: `sum by (path, result) (${rate('holdfast_commits_total')})`, legend: '{{path}} {{result}}' }],
      },
      {
        title: 'Swaps that succeed',
        description: 'The success rate of compare-and-swap. The alert HoldfastSwapsFail fires below 95 %.',
        unit: 'percentunit',
        bound: 0.95,
        queries: [
          {
            expr: `sum by (instance) (${rate('holdfast_commits_total', ',path="swap",result="committed"')}) / sum by (instance) (${rate('holdfast_commits_total', ',path="swap"')})`,
            legend: '{{instance}}',
          },
        ],
      },
      {
        title: 'Conflicts',
        description: 'Absorbed or answered, by kind: deadlock, lock_timeout, stale, serialization, doubt, split.',
        unit: 'ops',
        queries: [{ expr: `sum by (kind) (${rate('holdfast_conflicts_total')})`, legend: '{{kind}}' }],
      },
      {
        title: 'Attempts at a batch',
        description: '1 is the best. The alert HoldfastAttempts fires above 3.',
        unit: 'short',
        bound: 3,
        queries: [
          { expr: mean('holdfast_attempts'), legend: 'mean' },
          { expr: quantile(0.99, 'holdfast_attempts'), legend: 'p99' },
        ],
      },
      {
        title: 'Commands per transaction',
        description: 'How well commands are combined: 1 when quiet, hundreds when busy.',
        unit: 'short',
        queries: [{ expr: mean('holdfast_batch_commands'), legend: 'mean' }],
      },
      {
        title: 'Contended balances',
        description: 'Balances that other processes write too, so that they are locked first.',
        unit: 'short',
        queries: [{ expr: `holdfast_contended_balances{${OF}}`, legend: '{{instance}}' }],
      },
    ],
  },
  {
    title: 'Queue and capacity',
    panels: [
      {
        title: 'Queue, share of its limit',
        description: 'The alert HoldfastQueueFilling fires at a half. A full queue refuses commands as overloaded.',
        unit: 'percentunit',
        bound: 0.5,
        queries: [
          { expr: `holdfast_queue_commands{${OF}} / holdfast_queue_commands_max{${OF}}`, legend: '{{instance}}' },
        ],
      },
      {
        title: 'Waiting and in progress',
        description: 'Commands that wait for a batch, and batches that are being decided or committed.',
        unit: 'short',
        queries: [
          { expr: `sum (holdfast_queue_commands{${OF}})`, legend: 'commands that wait' },
          { expr: `sum (holdfast_batches_in_flight{${OF}})`, legend: 'batches in flight' },
        ],
      },
      {
        title: 'Rows in the cache',
        description: 'Requests and balances that are remembered between batches.',
        unit: 'short',
        queries: [
          { expr: `sum (holdfast_cache_requests{${OF}})`, legend: 'requests' },
          { expr: `sum (holdfast_cache_balances{${OF}})`, legend: 'balances' },
        ],
      },
    ],
  },
  {
    title: 'Holds and expiry',
    panels: [
      {
        title: 'Holds that ended',
        description: 'By what they became. Many that expired: their callers do not end them.',
        unit: 'ops',
        queries: [{ expr: `sum by (state) (${rate('holdfast_holds_ended_total')})`, legend: '{{state}}' }],
      },
      {
        title: 'Settled part of the holds that ended',
        description: 'A low value: more is frozen than needed.',
        unit: 'percentunit',
        queries: [{ expr: mean('holdfast_settled_ratio'), legend: 'mean' }],
      },
      {
        title: 'Expiry lag',
        description: 'How late the oldest due hold is. The alert HoldfastExpiryLate fires at 60 s.',
        unit: 's',
        bound: 60,
        queries: [{ expr: `holdfast_expiry_lag_seconds{${OF}}`, legend: '{{instance}}' }],
      },
      {
        title: 'Due holds',
        description: 'How many are due and still open, and how many cannot be ended.',
        unit: 'short',
        queries: [
          { expr: `max (holdfast_expiry_backlog{${OF}})`, legend: 'due' },
          { expr: `max (holdfast_expiry_aside{${OF}})`, legend: 'left aside' },
        ],
      },
      {
        title: 'Sweeper',
        description: 'Holds that the sweepers ended, and rounds that ended with a fault.',
        unit: 'ops',
        queries: [
          { expr: `sum (${rate('holdfast_expiry_swept_total')})`, legend: 'ended' },
          { expr: `sum (${rate('holdfast_expiry_faults_total')})`, legend: 'faults' },
        ],
      },
    ],
  },
  {
    title: 'Database',
    panels: [
      {
        title: 'Connections',
        description: 'Of the pools of MySQL, MariaDB or PostgreSQL. Empty on SQLite.',
        unit: 'short',
        queries: [
          { expr: `sum by (pool, state) (db_client_connection_count{${OF}})`, legend: '{{pool}} {{state}}' },
          { expr: `sum by (pool) (db_client_connection_max{${OF}})`, legend: '{{pool}} limit' },
          { expr: `sum by (pool) (db_client_connection_pending_requests{${OF}})`, legend: '{{pool}} waiting' },
        ],
      },
      {
        title: 'Log of the SQLite file',
        description: 'Up to 8 MiB is usual; /readyz warns from 16 MiB. Empty on a server.',
        unit: 'bytes',
        queries: [{ expr: `holdfast_sqlite_log_bytes{${OF}}`, legend: '{{instance}}' }],
      },
      {
        title: 'Trouble with the database',
        description:
          '1 while the breaker is open or the clock is wrong, and the number of warnings of /readyz. Healthy: 0.',
        unit: 'short',
        queries: [
          { expr: `holdfast_breaker_open{${OF}}`, legend: 'breaker open {{instance}}' },
          { expr: `holdfast_clock_wrong{${OF}}`, legend: 'clock wrong {{instance}}' },
          { expr: `holdfast_store_warnings{${OF}}`, legend: 'warnings {{instance}}' },
        ],
      },
      {
        title: 'Books hold every law',
        description: '1 if the last holdfast verify --metrics found every law to hold.',
        unit: 'short',
        type: 'stat',
        queries: [{ expr: 'min by (store) (holdfast_verify_ok)', legend: '{{store}}' }],
      },
      {
        title: 'Since the books were verified',
        description: 'The age of that result, and how long it took.',
        unit: 's',
        type: 'stat',
        queries: [
          { expr: 'time() - max by (store) (holdfast_verify_end_timestamp_seconds)', legend: 'age {{store}}' },
          { expr: 'max by (store) (holdfast_verify_duration_seconds)', legend: 'took {{store}}' },
        ],
      },
    ],
  },
  {
    title: 'Process',
    panels: [
      {
        title: 'Lag of the event loop',
        description:
          'How late the main thread is; usually about 0.02 s. HoldfastEventLoopBlocked fires at a p99 of 0.1 s.',
        unit: 's',
        bound: 0.1,
        queries: [
          { expr: `nodejs_eventloop_lag_p50_seconds{job="holdfast",${OF}}`, legend: 'p50 {{instance}}' },
          { expr: `nodejs_eventloop_lag_p99_seconds{job="holdfast",${OF}}`, legend: 'p99 {{instance}}' },
        ],
      },
      {
        title: 'Processor',
        description: 'In cores. The rules run on one thread, so a process is at its limit near 1.',
        unit: 'short',
        queries: [{ expr: rate('process_cpu_seconds_total', ',job="holdfast"'), legend: '{{instance}}' }],
      },
      {
        title: 'Memory',
        description: 'Resident, and the heap that is in use.',
        unit: 'bytes',
        queries: [
          { expr: `process_resident_memory_bytes{job="holdfast",${OF}}`, legend: 'resident {{instance}}' },
          { expr: `nodejs_heap_size_used_bytes{job="holdfast",${OF}}`, legend: 'heap {{instance}}' },
        ],
      },
      {
        title: 'Files and sockets',
        description: 'Open descriptors; every caller has one.',
        unit: 'short',
        queries: [{ expr: `process_open_fds{job="holdfast",${OF}}`, legend: '{{instance}}' }],
      },
      {
        title: 'Running since',
        description: 'Time since the start, with the version and the kind of database.',
        unit: 's',
        type: 'stat',
        queries: [
          {
            expr: `(time() - process_start_time_seconds{job="holdfast",${OF}}) * on (job, instance) group_right holdfast_build_info{${OF}}`,
            legend: '{{instance}} {{version}} {{store}}',
          },
        ],
      },
      {
        title: 'Lines missing in the log',
        description: 'Lines that could not be written since the start. Healthy: 0.',
        unit: 'short',
        queries: [{ expr: `holdfast_log_dropped_lines_total{${OF}}`, legend: '{{instance}}' }],
      },
    ],
  },
]
