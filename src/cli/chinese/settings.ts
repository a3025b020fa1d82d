/** The settings of the service, and what all commands share. In Chinese, by the English text. */
export const SETTINGS_IN_CHINESE: Readonly<Record<string, string>> = {
  'A credits ledger: freeze the maximum cost of a call, settle the actual cost.':
    '积分账本：先按上限冻结一次调用的费用，再按实际用量结算。',
  'print the version': '打印版本号',
  'Serves the ledger over HTTP until SIGTERM or SIGINT.': '通过 HTTP 提供账本服务，直到收到 SIGTERM 或 SIGINT。',
  'the database, such as sqlite:FILE; memory: is lost when the process ends':
    '数据库，例如 sqlite:FILE；memory: 的数据随进程结束而丢失',
  'serve reads only, and change nothing in the database: for a replica, or a copy; commands are refused with read_only; true or false':
    '只提供读取，不改动数据库中的任何内容：用于只读副本或拷贝；命令返回 read_only；取值 true 或 false',
  'a replica of the database, from which statements, exports and lists are read while it is not too far behind; none: from the database itself':
    '数据库的只读副本：落后不多时，对账单、导出和列表从它读取；none 表示从数据库本身读取',
  'how far the replica of --read-only or --read-store may be behind; beyond that, or when it cannot say, /readyz says no, or the database is read instead; none: no bound':
    '--read-only 或 --read-store 的副本最多允许落后的时间；超过该值或无法得知时，/readyz 返回未就绪，或改从数据库读取；none 表示不限制',
  'the address to listen on; another one than loopback needs keys ("holdfast keys create"), or --insecure':
    '监听地址；除本机回环地址外，必须先创建密钥（"holdfast keys create"），或使用 --insecure',
  'listen on another address than loopback without keys: whoever reaches the port can make and move coins; true or false':
    '允许在没有密钥时监听回环以外的地址：能连上端口的人都可以增发和转移余额；取值 true 或 false',
  'the port to listen on; 0 for a free one': '监听端口；0 表示自动选择空闲端口',
  'a second port, of a thread of its own, for /livez, /healthz and /readyz only: it answers however busy the service is; 0 for a free one':
    '独立线程监听的第二个端口，只提供 /livez、/healthz 和 /readyz：服务再忙也会应答；0 表示自动选择空闲端口',
  'the longest time that the service exercises its code at the start, on a ledger in memory; /readyz says no until then; 0 for none':
    '启动时在内存账本上预热代码的最长时间；预热结束前 /readyz 返回未就绪；0 表示不预热',
  'names by which the service may be called, separated by commas, such as ledger.internal; addresses and localhost always; * for all':
    '允许用来访问本服务的主机名，用逗号分隔，例如 ledger.internal；IP 地址和 localhost 始终允许；* 表示全部',
  'origins whose web pages may call the service, separated by commas, such as https://app.example.org; * for all; they can move coins':
    '允许哪些来源的网页调用本服务，用逗号分隔，例如 https://app.example.org；* 表示全部；这些网页可以转移余额',
  'addresses of the proxies in front of the service, separated by commas, such as 10.0.0.0/8; X-Forwarded-For of these says who is calling':
    '位于服务之前的代理地址，用逗号分隔，例如 10.0.0.0/8；只采信它们的 X-Forwarded-For 来识别调用方',
  'a port for /metrics alone, at the same address; 0 for a free one; none: they are at the port of the service':
    '只提供 /metrics 的端口，地址不变；0 表示自动选择空闲端口；none 表示与服务共用端口',
  'the lowest level that is logged, as JSON lines on stderr: trace, debug, info, warn, error, fatal, silent':
    '日志的最低级别，以 JSON 行写到标准错误：trace、debug、info、warn、error、fatal、silent',
  'log one line per request, at level info; true or false': '每个请求记一行日志，级别 info；取值 true 或 false',
  'log one line per command, at level info, with names and amounts: none, all, or a share of the request ids such as 0.01':
    '每条命令记一行日志，级别 info，包含账户名和金额：none、all，或按请求 ID 抽样的比例，例如 0.01',
  'spans of traces have the account, the amount and the ids of their command too; true or false':
    '链路追踪的 span 中也包含命令的账户、金额和 ID；取值 true 或 false',
  'after SIGTERM or SIGINT, the process ends within this time, even if requests are in progress':
    '收到 SIGTERM 或 SIGINT 后，进程在这段时间内必定退出，即使仍有请求在处理',
  'the largest request body': '请求体的最大字节数',
  'concurrent requests; further ones get 503 overloaded before their body is read':
    '并发请求数上限；超出的请求在读取请求体之前就返回 503 overloaded',
  'commands that can wait for a batch; further ones get 503 overloaded':
    '可以排队等待批次的命令数；超出的返回 503 overloaded',
  'the largest number of commands in one transaction': '一个事务最多包含的命令数',
  'commands a second by which one account can spend (freezes, charges, transfers); further ones get 429 rate_limited; 0 for no limit':
    '单个账户每秒可支出的命令数（冻结、直接扣款、转账）；超出的返回 429 rate_limited；0 表示不限',
  'such commands of an account at once, when it was quiet before': '账户此前空闲时，可以一次突发的此类命令数',
  'holds of an account that can be open at once; a further freeze gets 429 rate_limited; 0 for no limit':
    '单个账户可以同时存在的未结冻结单数；超出的冻结返回 429 rate_limited；0 表示不限',
  'reads and commands a second of one caller; further ones get 429 rate_limited; 0 for no limit':
    '单个调用方每秒的读取和命令数；超出的返回 429 rate_limited；0 表示不限',
  'reads and commands of a caller at once, when it was quiet before': '调用方此前空闲时，可以一次突发的读取和命令数',
  'time limit of a command; after that it gets 504 deadline_exceeded': '命令的时限；超时返回 504 deadline_exceeded',
  'failures of the database in a row after which it is not called for a while; deadlocks and lock timeouts do not count':
    '数据库连续失败多少次后暂停调用（熔断）；死锁和锁等待超时不计入',
  'how long it is then not called before one call tries it again': '熔断后暂停多久，再放行一次调用去试探',
  'default lifetime of a hold': '冻结单的默认有效期',
  'longest lifetime of a hold': '冻结单的最长有效期',
  'pause of the sweeper between two rounds': '过期清理器两轮之间的间隔',
  'due holds that the sweeper reads and ends at once': '过期清理器一次读取并结束的到期冻结单数',
  'due holds that the sweeper ends in one round': '过期清理器一轮最多结束的到期冻结单数',
  'the stripe of the house accounts that this process writes; use a different one per process; auto chooses one':
    '本进程写入内部账户的哪个分片；每个进程应各不相同；auto 表示自动选择',
  'accept an SQLite file whose newest rows are later than the clock of this machine; true or false':
    '接受最新数据的时间晚于本机时钟的 SQLite 文件；取值 true 或 false',
  'a file with settings, as lines NAME=VALUE': '配置文件，每行一项 NAME=VALUE',
  'print one JSON document: the answer as over HTTP, or a problem':
    '输出一个 JSON 文档：与 HTTP 接口相同的应答，或错误说明',
  'how long the outcome of a commit is looked for whose connection was lost; after that its callers get commit_in_doubt; longer than a failover takes':
    '提交时连接断开后，查明其结果的最长时间；超过后调用方得到 commit_in_doubt；应比故障切换更长',
}
