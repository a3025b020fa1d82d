/** The commands about a database, and keys. In Chinese, by the English text. */
export const DATABASE_IN_CHINESE: Readonly<Record<string, string>> = {
  'Migrates the tables of a database to this version. Embedded databases are also migrated by every write.':
    '把数据库的表升级到当前版本。嵌入式数据库在每次写入时也会自动升级。',
  'Checks every law on the rows of a database. Exits 1 if a law is broken. Warns about settings with which the database can lose rows; warnings do not change the exit code.':
    '在数据库的数据上逐条核验账本不变量。有一条不成立则退出码为 1。对可能丢数据的数据库设置给出警告；警告不影响退出码。',
  'number of rows to show per broken law': '每条不成立的不变量显示的行数',
  'also write the result to this file, *.prom, for the textfile collector of node_exporter':
    '同时把结果写入此文件（*.prom），供 node_exporter 的 textfile collector 采集',
  'Examines a database as an expert would, and prints the remedy for each finding: settings, lock waits, the last deadlock, tables, rights, replicas, room. Changes nothing, and needs no more rights than the service; what it cannot see is a finding. Exits 1 for a risk and 4 if something is broken.':
    '像专家一样检查数据库，并为每个问题给出处理办法：设置、锁等待、最近一次死锁、表、权限、副本、空间。不做任何修改，所需权限不超过服务本身；看不到的内容也会作为一项列出。有风险时退出码为 1，有故障时为 4。',
  'examine again and again, and print what is new and what is gone, until Ctrl-C (default: every 5); with --json one line each':
    '反复检查，只打印新出现和已消失的问题，直到 Ctrl-C（默认每 5 秒一次）；与 --json 一起使用时每项一行',
  'Copies an SQLite database to a new file while services use it, and checks the pages and every law of the copy. The file gets its name when it is complete. If a law is broken, no file is written and the exit code is 1.':
    '在服务运行期间把 SQLite 数据库复制到新文件，并检查副本的数据页和全部不变量。复制完成后文件才使用最终的名字。有不变量不成立时不写文件，退出码为 1。',
  'Erases the memos and metadata of all requests of an account, and the metadata of the account. Amounts, times and names stay, and so does every law. It cannot be undone. Can be stopped and run again. Needs the rights of the owner of the tables.':
    '清除一个账户全部请求的备注和元数据，以及账户自身的元数据。金额、时间和名字保留，所有不变量仍然成立。不可撤销。可以中断后重新执行。需要表所有者的权限。',
  'erase; without it, nothing is done': '执行清除；不加此选项则什么也不做',
  'Makes, lists and ends the keys of callers. As soon as there is one, a service answers only to callers with a key.':
    '创建、列出和停用调用方的密钥。只要存在一个密钥，服务就只应答持有密钥的调用方。',
  'Makes a key, and prints its secret once.': '创建密钥，密钥串只显示这一次。',
  'a service to use instead of a database, such as http://127.0.0.1:4680':
    '改用某个服务而不是直接打开数据库，例如 http://127.0.0.1:4680',
  'the key for the service at --url; better in the variable, because other users of a machine can see arguments':
    '访问 --url 所指服务的密钥；最好放在环境变量里，因为同一台机器上的其他用户能看到命令行参数',
  'give it every scope; its name is "admin" unless another one is given':
    '授予全部权限；未另行指定名字时，名字为 "admin"',
  'what the key may do, separated by commas: holds:write (freeze, settle, amend, release and refund holds), deposits:write (deposit: make coins), charges:write (charge, and refund charges), transfers:write (transfer and exchange), accounts:write (open, block, unblock and merge accounts), assets:write (declare assets, rates and house accounts), accounts:read (read accounts, balances and holds), statements:read (read statements, entries, the feed and figures, and export statements), metrics:read (read the metrics of the service), checks:read (verify the books, examine the database, and compare lists with the ledger, which shows holds and entries), keys:admin (create, list, rotate and revoke keys: whoever has it can give itself every other scope)':
    '密钥可以做什么，用逗号分隔：holds:write（冻结、结算、变更、解冻、冻结单退款），deposits:write（充值：增发余额），charges:write（直接扣款及其退款），transfers:write（转账和兑换），accounts:write（开户、停用、恢复、合并账户），assets:write（声明资产、汇率和内部账户），accounts:read（读取账户、余额和冻结单），statements:read（读取对账单、分录、分录流和统计，导出对账单），metrics:read（读取服务的指标），checks:read（核验账目、体检数据库、将清单与账本对账，对账结果会显示冻结单和分录），keys:admin（创建、列出、轮换和吊销密钥：持有者可以给自己授予其他一切权限）',
  'confine the key to accounts whose name begins so: user: for all of user:1, user:2, …; user:8 would also admit user:80; can be given again (default: any account)':
    '限定密钥只能用于名字以此开头的账户：user: 表示 user:1、user:2 等全部；user:8 也会放行 user:80；可以多次给出（默认：任意账户）',
  'confine the key to these assets, separated by commas (default: any asset)':
    '限定密钥只能用于这些资产，用逗号分隔（默认：任意资产）',
  'largest amount of one command, in minor units (default: any amount)':
    '单条命令的最大金额，以最小单位计（默认：任意金额）',
  'rate limit of the key (default: none of its own)': '密钥的速率上限（默认：没有单独的上限）',
  'commands that may come at once, with a rate limit': '有速率上限时，可以一次突发的命令数',
  'life of the key, such as 30d (default: no end)': '密钥的有效期，例如 30d（默认：不失效）',
  'Lists all keys, also revoked ones.': '列出全部密钥，包括已吊销的。',
  'rows, 1 to 1000 (default: 50)': '行数，1 到 1000（默认：50）',
  'cursor from the previous page': '上一页返回的游标',
  'Gives a key another secret, and prints it once.': '为密钥更换密钥串，新的密钥串只显示这一次。',
  'how long the secret before stays valid; 0: it ends at once (default: 86400000, a day)':
    '旧密钥串继续有效的时间；0 表示立即失效（默认：86400000，即一天）',
  'Ends a key and its tokens, for good.': '永久停用一个密钥及其令牌。',
  'Makes a token from a key, without a database and a service: it reads one account, its balances, holds and statement, for a short time.':
    '用密钥生成令牌，无需数据库和服务：令牌在短时间内可以读取一个账户，包括余额、冻结单和对账单。',
  'life of the token, up to 24h (default: 15m)': '令牌的有效期，最长 24h（默认：15m）',
}
