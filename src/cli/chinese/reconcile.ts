/** The reconciliation with an external system. In Chinese, by the English text. */
export const RECONCILE_IN_CHINESE: Readonly<Record<string, string>> = {
  'Compares the list of an external system with the holds, deposits, charges or transfers of the ledger, and reports what is missing, extra, unfinished or different. Changes nothing without --fix. Exits 1 if a difference is left.':
    '把外部系统的清单与账本的冻结单、充值、直接扣款或转账对账，报告缺少、多出、未完成和不一致的部分。不加 --fix 则不做任何修改。仍有差异时退出码为 1。',
  'CSV with a header row, or NDJSON: request ids, amounts in minor units, and optionally statuses and accounts':
    '带表头的 CSV，或 NDJSON：请求 ID、以最小单位计的金额，以及可选的状态和账户',
  'what the rows are': '每行是什么',
  'csv or ndjson (default: from the file name)': 'csv 或 ndjson（默认：根据文件名）',
  'comma, semicolon, tab (default: from the header)':
    'comma（逗号）、semicolon（分号）、tab（制表符）（默认：根据表头）',
  'the number of rows that the list must have; it proves that the list is complete, as an end row does':
    '清单应有的行数；与结尾行一样，用来证明清单完整',
  'request id, which is the id of the hold or the entry': '请求 ID，即冻结单或分录的 ID',
  'actual cost, or the amount of the entry': '实际费用，或分录的金额',
  'status (default: status; without this column, every row counts as done)':
    '状态（默认：status；没有此列时，每行都视为已完成）',
  'account to compare: who holds, receives the deposit, or pays': '要核对的账户：被冻结的、收到充值的，或付款的',
  'account to compare: the payee, or who receives the transfer': '要核对的账户：收款方，或收到转账的',
  'asset to compare': '要核对的资产',
  'statuses of completed work': '表示已完成的状态值',
  'statuses of failed work': '表示已失败的状态值',
  'statuses of unfinished work': '表示未完成的状态值',
  'ignore extra holds and entries created before this instant; with it, settled holds and entries are looked for too':
    '忽略早于此时刻创建的多出的冻结单和分录；给出后，也查找已结算的冻结单和分录',
  'when the list was made: ignore extra holds and entries created after this instant (default: from the end row)':
    '清单的生成时刻：忽略晚于此时刻创建的多出的冻结单和分录（默认：取自结尾行）',
  'accounts whose statements are searched for extra entries (default: @issuer for deposits, @revenue for charges)':
    '在哪些账户的对账单里查找多出的分录（默认：充值为 @issuer，直接扣款为 @revenue）',
  'settle open holds of completed work, release open holds of failed work; asks for confirmation':
    '结算已完成工作的未结冻结单，解冻已失败工作的未结冻结单；执行前要求确认',
  'with --fix: do not ask for confirmation': '与 --fix 一起：不要求确认',
  'with --fix: the rule for completed work that cost more than is held':
    '与 --fix 一起：已完成的工作费用超过冻结金额时的规则',
  'with --fix: release open holds that are not in the list and older than this: 2h, 1d; the list must prove that it is complete':
    '与 --fix 一起：解冻清单里没有且早于此时长的未结冻结单：2h、1d；清单必须能证明自己完整',
  'with --release-unknown: the largest share of the open holds': '与 --release-unknown 一起：最多占未结冻结单的比例',
  'with --fix: book the deposits, charges and transfers that the list has and the ledger has not, under their ids':
    '与 --fix 一起：把清单有而账本没有的充值、直接扣款和转账按其 ID 补记',
  'with --book-missing: the asset of a list without --asset-column':
    '与 --book-missing 一起：没有 --asset-column 的清单的资产',
}
