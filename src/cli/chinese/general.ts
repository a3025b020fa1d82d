/** Headings, and what follows the help of the program. In Chinese, by the English text. */
export const GENERAL_IN_CHINESE: Readonly<Record<string, string>> = {
  'Usage:': '用法：',
  'Arguments:': '参数：',
  'Options:': '选项：',
  'Commands:': '命令：',
  'Service and database:': '服务与数据库：',
  'Callers:': '调用方：',
  'Holds:': '冻结单：',
  'Movements:': '资金变动：',
  'Other systems:': '外部系统：',
  'Accounts and assets:': '账户与资产：',
  'Shell:': 'Shell：',
  'show this help': '显示帮助',
  'display help for command': '显示某个命令的帮助',
  'language of the help and of messages about the command line (default: from LC_ALL, LC_MESSAGES, LANG)':
    '帮助和命令行提示所用的语言（默认：取自 LC_ALL、LC_MESSAGES、LANG）',
  'Exit codes:': '退出码：',
  'Examples:': '示例：',
  success: '成功',
  'the ledger rejected the command; "verify" or "backup" found a broken law; "import", "reconcile" or "bridge" found differences; "doctor" found a risk; "prices" found something wrong':
    '账本拒绝了命令；"verify" 或 "backup" 发现不变量不成立；"import"、"reconcile" 或 "bridge" 发现差异；"doctor" 发现风险；"prices" 发现错误',
  'invalid command line; nothing was done': '命令行有误，什么也没有做',
  'a failure or a timeout; the message says whether the command may have had an effect':
    '失败或超时；提示中会说明命令是否可能已经生效',
  '"doctor" found something broken': '"doctor" 发现故障',
}
