/** Deposits, charges and transfers. In Chinese, by the English text. */
export const MOVEMENTS_IN_CHINESE: Readonly<Record<string, string>> = {
  'Deposits coins from @issuer to an account.': '充值：从 @issuer 把余额记入账户。',
  'account that receives the coins, such as user:8': '收款账户，例如 user:8',
  'amount, in the decimal places of the asset': '金额，按资产的小数位书写',
  'Charges an account without a hold.': '不经冻结，直接从账户扣款。',
  'account that pays': '付款账户',
  'account that receives the coins (default: @revenue)': '收款账户（默认：@revenue）',
  'allow the charge to take the account below its floor; what is paid in then pays the debt first':
    '允许扣款使账户低于余额下限；之后的入账先偿还这笔欠款',
  'Transfers coins from one account to others: all or none.': '从一个账户向其他账户转账：全部成功或全部不做。',
  'receivers and amounts: user:9=20 user:10=30': '收款方和金额：user:9=20 user:10=30',
  'asset that the receivers get, at the newest rate; with user:9=20:2, the receiver gets 2':
    '收款方得到的资产，按最新汇率；写成 user:9=20:2 时，收款方得到 2',
  'only if the balance of the payer still has this version, which `holdfast account` shows':
    '仅当付款方余额仍是这个版本时才执行；版本见 `holdfast account`',
}
