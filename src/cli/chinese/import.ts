/** The import of an old system. In Chinese, by the English text. */
export const IMPORT_IN_CHINESE: Readonly<Record<string, string>> = {
  'Imports the users of an old system: balances as deposits, open freezes as holds. Reads the old database as of one instant and changes nothing in it. A second run continues where the first was stopped, and lists users that have changed since. Exits 1 if a row is invalid or a user differs.':
    '导入旧系统的用户：余额作为充值，未结的冻结作为冻结单。读取旧数据库某一时刻的快照，不修改其中任何内容。再次执行会从中断处继续，并列出此后有变化的用户。有无效的行或有用户不一致时退出码为 1。',
  'the old database: mysql://…, mariadb://…, postgres://… or sqlite:FILE':
    '旧数据库：mysql://…、mariadb://…、postgres://… 或 sqlite:FILE',
  'print one JSON line per finding and the summary as the last line, or a problem':
    '每个发现输出一行 JSON，最后一行是汇总，或错误说明',
  'write nothing, and say what would be done; with --verify, exit 1 if anything would be done':
    '不写入，只说明将要做什么；与 --verify 一起时，如果有事可做则退出码为 1',
  'compare every user with the ledger after the import': '导入后逐个用户与账本比对',
  'correct accounts that only imports have moved, so that they match the old system (default: list differences)':
    '对只被导入动过的账户做更正，使其与旧系统一致（默认：只列出差异）',
  'import only the users whose keys are in this file, one per line': '只导入键列在此文件中的用户，每行一个',
  'table of users, optionally with its schema: shop.users': '用户表，可以带库名：shop.users',
  'unique key of a user': '用户的唯一键',
  'balance of a user': '用户的余额',
  'coins in the open freezes of a user': '用户未结冻结的合计',
  'whether the balance includes frozen coins (total) or not (available)':
    '余额是否包含冻结中的部分：包含（total）或不包含（available）',
  'import users in debt, with a floor at their balance': '导入有欠款的用户，把余额下限设为其余额',
  'import only the users that fulfil this condition': '只导入满足此条件的用户',
  'how the bytes of binary keys of users become names; uuid-swapped for uuid_to_bin(…, 1) of MySQL':
    '用户的二进制键如何变成名字；uuid-swapped 对应 MySQL 的 uuid_to_bin(…, 1)',
  'read tables whose engine does not read as of one instant (MyISAM, Aria, MEMORY), while nothing writes them':
    '读取不支持快照读的存储引擎的表（MyISAM、Aria、MEMORY），期间不得有写入',
  'table of freezes': '冻结表',
  'unique key of a freeze': '冻结的唯一键',
  'request id of a freeze; it becomes the id of the hold': '冻结的请求 ID，将成为冻结单的 ID',
  'how the bytes of binary request ids become ids': '二进制请求 ID 如何变成 ID',
  'key of the user of a freeze': '冻结所属用户的键',
  'amount of a freeze': '冻结的金额',
  'status of a freeze': '冻结的状态',
  'statuses of open freezes (default: frozen)': '未结冻结的状态值（默认：frozen）',
  'columns of open freezes that become metadata of their holds: model_id, or remark=note for another key':
    '未结冻结中要转为冻结单元数据的列：model_id，或用 remark=note 换一个键名',
  asset: '资产',
  'decimal places of the old amounts: with 2, 1.50 becomes 150 minor units':
    '旧金额的小数位数：为 2 时，1.50 变成 150 个最小单位',
  'kind of coins, in a table with one row per user and kind; needs --asset-map':
    '币种列，用于每个用户、每个币种一行的表；需要 --asset-map',
  'kind of coins of a freeze (default: as --asset-column)': '冻结的币种列（默认：同 --asset-column）',
  'asset of each kind of coins: 1=gold 2=gem:2; a number after the asset is its --scale':
    '每个币种对应的资产：1=gold 2=gem:2；资产后的数字是它的 --scale',
  'account name; {id} is the key of the user': '账户名；{id} 代表用户的键',
  'prefix of the request ids of the import; use one per old system': '导入所用请求 ID 的前缀；每个旧系统用一个',
  'lifetime of the holds: 90s, 10m, 2h, 1d': '冻结单的有效期：90s、10m、2h、1d',
}
