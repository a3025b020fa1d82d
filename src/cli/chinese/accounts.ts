/** Accounts, lists, statements, assets and rates. In Chinese, by the English text. */
export const ACCOUNTS_IN_CHINESE: Readonly<Record<string, string>> = {
  'Sets the floor and metadata of an account. Not needed before its first coin.':
    '设置账户的余额下限和元数据。首次入账之前不是必须的。',
  'the account, such as user:8': '账户，例如 user:8',
  'lowest value that available may reach; negative for a credit limit (default: it is kept; of a new balance 0)':
    '可用余额可以到达的最低值；负数表示信用额度（默认：保持不变；新余额为 0）',
  'balance to open or to change (default: credit with --floor, otherwise none)':
    '要开立或变更的余额（默认：有 --floor 时为 credit，否则没有）',
  'flat JSON object that replaces the metadata of the account': '扁平的 JSON 对象，替换账户的元数据',
  'declares a house account, such as @promo: it has no floor, so it is a source of coins':
    '声明内部账户，例如 @promo：它没有余额下限，因此可以增发',
  'Shows an account and its balances.': '显示账户及其余额。',
  'the account': '账户',
  'balances as of this instant: 2030-01-31T12:00:00Z; metadata and floors are current':
    '此时刻的余额：2030-01-31T12:00:00Z；元数据和余额下限为当前值',
  'balances, 1 to 1000 (default: 1000)': '余额条数，1 到 1000（默认：1000）',
  'Shows one entry of the journal with its postings.': '显示一条分录及其明细。',
  'the request id; HOLD~settle or HOLD~release for the end of a hold, HOLD~late for a late settle':
    '请求 ID；冻结单的结束为 HOLD~settle 或 HOLD~release，逾期结算为 HOLD~late',
  'Blocks an account: nothing can be frozen, charged or transferred from it.': '停用账户：不能再从中冻结、扣款或转出。',
  'the account; it still receives coins, and its holds are settled and released':
    '账户；它仍可收款，已有的冻结单仍可结算和解冻',
  'Makes a blocked account active again.': '恢复被停用的账户。',
  'Closes an account, for good, and merges what is left into another.': '永久关闭账户，把剩余的一切并入另一个账户。',
  'the account to close; what its holds and refunds return later goes to the other one too':
    '要关闭的账户；它的冻结单和退款此后退回的金额也归另一个账户',
  'the account that receives what is left, and pays what the closed one owes':
    '接收剩余金额的账户，并代偿被关闭账户的欠款',
  'Lists all entries in the order of the feed, which nothing is inserted into.':
    '按分录流的顺序列出全部分录；已读过的部分之前不会再插入分录。',
  'without a cursor, begin here (default: beginning)': '没有游标时从这里开始（默认：beginning）',
  'go on until ended: each entry as a line, with --json a JSON document per line':
    '持续读取直到被结束：每条分录一行，加 --json 则每行一个 JSON 文档',
  'Lists the balances of all accounts.': '列出全部账户的余额。',
  'only accounts whose name begins with this text, such as user:': '只列出名字以此开头的账户，例如 user:',
  'only this asset (default: all; with a bound or an order by an amount, credit)':
    '只列出此资产（默认：全部；按金额筛选或排序时为 credit）',
  'only balances with less available': '只列出可用余额低于此数的',
  'only balances with more available': '只列出可用余额高于此数的',
  'only balances with less held': '只列出冻结金额低于此数的',
  'only balances with more held': '只列出冻结金额高于此数的',
  'by name, or by an amount, with -desc the largest first (default: name)':
    '按名字或按金额排序，加 -desc 则最大的在前（默认：name）',
  'Shows every asset in figures: accounts, coins, open holds, and the last days.':
    '用数字概括每种资产：账户、发行总量、未结冻结单和最近几天的变化。',
  'days in UTC, the last one is today: 0 to 31 (default: 7)': 'UTC 的天数，最后一天是今天：0 到 31（默认：7）',
  'Shows the statement of a balance, newest line first.': '显示一个余额的对账单，最新的在前。',
  'only lines of entries of this kind': '只列出此类分录的行',
  'only lines at or after this instant: 2030-01-31T12:00:00Z, or a day':
    '只列出在此时刻或之后的行：2030-01-31T12:00:00Z，或某一天',
  'only lines before this instant': '只列出在此时刻之前的行',
  'only lines of this entry: a request id, HOLD~settle, HOLD~release or HOLD~late':
    '只列出此分录的行：请求 ID、HOLD~settle、HOLD~release 或 HOLD~late',
  'only lines of this hold': '只列出此冻结单的行',
  'only lines whose memo contains this text': '只列出备注含有此文本的行',
  'only lines whose metadata has these keys with these values': '只列出元数据含有这些键值的行',
  'print all lines as a file instead of a page; csv is for spreadsheets':
    '以文件形式输出全部行，而不是一页；csv 供电子表格使用',
  'Declares or renames an asset.': '声明资产，或为资产改名。',
  'code of the asset: 1 to 16 characters of a-z 0-9 _, beginning with a letter':
    '资产代码：1 到 16 个字符，a-z 0-9 _，以字母开头',
  'decimal places, 0 to 9; cannot be changed later (default: 0). With 9 decimal places, one command can move up to 10,000,000 coins, a balance can have up to 9,223,372,036, and one process can issue up to 590,295,810,358.':
    '小数位数，0 到 9，之后不能更改（默认：0）。为 9 时，一条命令最多转移 10,000,000，一个余额最多 9,223,372,036，一个进程最多发行 590,295,810,358。',
  'name of the asset (default: the code)': '资产的名字（默认：资产代码）',
  'Lists all assets.': '列出全部资产。',
  'Declares and lists rates: the price of one asset in another.': '声明和列出汇率：一种资产以另一种资产计的价格。',
  'Declares a rate. It is in force at once.': '声明汇率，立即生效。',
  'asset that the sender pays': '付款方支出的资产',
  'asset that the receiver gets': '收款方得到的资产',
  'NUMERATOR:DENOMINATOR, in minor units: with 1:10, 10 units of <from> buy 1 unit of <to>':
    'NUMERATOR:DENOMINATOR，以最小单位计：1:10 表示 10 个 <from> 兑 1 个 <to>',
  'rounding of fractions of a unit (default: down)': '不足一个单位时的舍入方式（默认：down）',
  'largest difference between a given amount and the converted amount, in parts per million (default: 0)':
    '给定金额与换算金额之间允许的最大差异，以百万分之一计（默认：0）',
  'Lists the newest rate of every pair, or all rates of one pair.': '列出每对资产的最新汇率，或一对资产的全部汇率。',
  'only rates of this pair, newest first': '只列出这一对的汇率，最新的在前',
}
