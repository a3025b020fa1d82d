/** Holds. In Chinese, by the English text. */
export const HOLDS_IN_CHINESE: Readonly<Record<string, string>> = {
  'Opens a hold: sets coins of an account aside.': '创建冻结单：从账户的可用余额中划出一部分。',
  'the holder of the coins': '被冻结的账户',
  'amount to set aside, in the decimal places of the asset': '冻结金额，按资产的小数位书写',
  'if the request had its effect before: answer as the first time, or refuse (default: answer)':
    '如果该请求此前已经生效：返回首次的应答（answer），或拒绝（refuse）（默认：answer）',
  'asset (default: credit)': '资产（默认：credit）',
  'idempotency key and id of the hold (default: a new id)': '幂等键，也是冻结单的 ID（默认：新的 ID）',
  'account that receives the settled coins (default: @revenue)': '收取结算款的账户（默认：@revenue）',
  'lifetime of the hold: 90s, 10m, 2h, 1d (default: 15m)': '冻结单的有效期：90s、10m、2h、1d（默认：15m）',
  'amount to settle when the hold expires, at most what is held then (default: release everything)':
    '到期时结算的金额，最多为届时仍冻结的金额（默认：全部解冻）',
  'flat JSON object': '扁平的 JSON 对象',
  'only if the balance of the account still has this version, which `holdfast account` shows':
    '仅当账户余额仍是这个版本时才执行；版本见 `holdfast account`',
  'Settles the actual cost and ends the hold; the rest returns to the holder. With --part, settles a part.':
    '按实际费用结算并结束冻结单，剩余部分退回原账户。加 --part 则只结算一部分。',
  'the id of the hold': '冻结单的 ID',
  'the actual cost, in the decimal places of the asset: 0 or more; with --part more than 0':
    '实际费用，按资产的小数位书写：0 或更多；加 --part 时必须大于 0',
  'if the cost is more than is held: reject it, take only what is held, or draw the rest from available (default: reject)':
    '费用超过冻结金额时：拒绝（reject）、只收冻结的部分（cap），或从可用余额补足（draw）（默认：reject）',
  'account that receives the coins, while nothing is settled (default: the payee of the hold)':
    '收款账户，仅在尚未结算时可改（默认：冻结单的收款方）',
  'settle a part; the hold stays open': '只结算一部分，冻结单保持未结状态',
  'also if the hold has expired: take the cost from available, down to the floor, once':
    '冻结单已过期时也结算：从可用余额扣取，至多扣到余额下限，仅限一次',
  'with --part: idempotency key: one id has one effect, forever (default: a new id)':
    '与 --part 一起：幂等键，一个 ID 永远只生效一次（默认：新的 ID）',
  'with --part: note for people': '与 --part 一起：给人看的备注',
  'with --part: flat JSON object': '与 --part 一起：扁平的 JSON 对象',
  'only if the hold still has this number of steps, which every answer about it shows':
    '仅当冻结单仍处于这个步数时才执行；每次返回冻结单时都会显示步数',
  'Ends a hold: everything returns to the holder.': '结束冻结单：全部解冻，退回原账户。',
  'Changes an open hold: its total, its expiry, or the amount to settle at the expiry.':
    '变更未结的冻结单：总额、有效期，或到期时结算的金额。',
  'the new total, including settled parts, in the decimal places of the asset':
    '新的总额，包含已结算的部分，按资产的小数位书写',
  'the change of the total: 100 raises it, -100 lowers it': '总额的增减：100 为增加，-100 为减少',
  'lifetime of the hold, counted from now: 90s, 10m, 2h, 1d': '冻结单的有效期，从现在算起：90s、10m、2h、1d',
  'amount to settle when the hold expires, at most what is held then': '到期时结算的金额，最多为届时仍冻结的金额',
  'release everything when the hold expires': '到期时全部解冻',
  'idempotency key: one id has one effect, forever (default: a new id)':
    '幂等键：一个 ID 永远只生效一次（默认：新的 ID）',
  'Returns settled coins, or a part of them, from the payee to the holder.':
    '把已结算的金额全部或部分从收款方退还给付款账户。',
  'the id of the hold, or of a charge': '冻结单或直接扣款的 ID',
  'amount to refund, in the decimal places of the asset': '退款金额，按资产的小数位书写',
  'in place of <amount>: refund up to this total of all refunds': '代替 <amount>：退到全部退款合计为此数为止',
  'note for people': '给人看的备注',
  'Shows one hold.': '显示一个冻结单。',
  'Shows the history of a hold, oldest event first.': '显示一个冻结单的历史，从最早的事件开始。',
  'Lists the holds of one account, newest first, or of all accounts.': '列出一个账户或全部账户的冻结单，最新的在前。',
  'only holds of this account': '只列出此账户的冻结单',
  'with --account: asset (default: credit)': '与 --account 一起：资产（默认：credit）',
  'only holds in this state': '只列出处于此状态的冻结单',
  'only holds created at or after this instant: 2030-01-31T12:00:00Z, or a day':
    '只列出在此时刻或之后创建的冻结单：2030-01-31T12:00:00Z，或某一天',
  'only holds created before this instant': '只列出在此时刻之前创建的冻结单',
  'only holds whose metadata has these keys with these values': '只列出元数据含有这些键值的冻结单',
  'open holds of all accounts that are due or have been open for long, by expiry':
    '全部账户中已到期或长时间未结的冻结单，按到期时间排序',
  'with --stuck: minimum time that a hold has been open (default: 1d)':
    '与 --stuck 一起：冻结单未结的最短时间（默认：1d）',
}
