/** The reconciliation with an external system. In Chinese, by the English text. */
export const RECONCILE_IN_CHINESE: Readonly<Record<string, string>> = {
  'Compares the list of an external system with the holds, deposits, charges or transfers of the ledger, and reports what is missing, extra, unfinished, half done or different. Changes nothing without --fix. Exits 1 if a difference is left.':
    '把外部系统的清单与账本的冻结单、充值、直接扣款或转账对账，报告缺少、多出、未完成、做了一半和不一致的部分。不加 --fix 则不做任何修改。仍有差异时退出码为 1。',
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
  'account to compare: who holds, receives the deposit, or pays (orders: default from)':
    '要核对的账户：被冻结的、收到充值的，或付款的（订单：默认 from）',
  'account to compare: the payee, or who receives the transfer or the leg (orders: default to)':
    '要核对的账户：收款方，或收到转账、分笔的（订单：默认 to）',
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
  'the asset of a list without --asset-column, for what is booked, ended or extra':
    '没有 --asset-column 的清单的资产，用于补记、了结和查找多出的',
  'orders: the asset in which a leg arrives; empty: the asset in which it leaves':
    '订单：分笔到账的资产；为空：与付出的资产相同',
  'orders: the amount of a leg that arrives in another asset': '订单：分笔以另一种资产到账的金额',
  'orders in NDJSON: the array of the legs (default: legs)': 'NDJSON 的订单：分笔的数组（默认：legs）',
  'orders: the note of a leg, which says whether the external system has paid the leg itself, outside the ledger':
    '订单：分笔的备注，说明外部系统是否已在账本之外自行支付了这一笔',
  'orders: notes of paid legs (default: paid, done)': '订单：表示已支付分笔的备注（默认：paid、done）',
  'orders: notes of legs that are not paid (default: no note, unpaid, failed)':
    '订单：表示未支付分笔的备注（默认：无备注、unpaid、failed）',
  'orders: whether the external system took the whole order from the sender at once: 1, true or yes; needs --transit':
    '订单：外部系统是否一次性从付款人扣走了整单：1、true 或 yes；需要 --transit',
  'orders: the account that has what was taken and not paid; @issuer if no account of the ledger has it':
    '订单：持有已扣走而未支付的币的账户；账本里没有账户持有时用 @issuer',
  'orders: comes before every account of the list: user: for the ids of users':
    '订单：加在清单中每个账户之前的前缀：用户 ID 用 user:',
  'with --fix: end half-done orders: pay the legs that are left, give back what was moved, or the one or the other as the status says':
    '与 --fix 一起：了结做了一半的订单：支付剩余的分笔，或退回已转走的，或按状态二者择一',
}
