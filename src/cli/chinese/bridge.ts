/** The bridge to an old system. In Chinese, by the English text. */
export const BRIDGE_IN_CHINESE: Readonly<Record<string, string>> = {
  'Joins an old system’s tables of users and freezes and the ledger’s, in one database server, into one set of books while both are in use. On MySQL, MariaDB and PostgreSQL.':
    '在同一数据库服务器上，把旧系统的用户表、冻结表与账本的表合成一套账，两边可以同时使用。支持 MySQL、MariaDB 和 PostgreSQL。',
  'Takes over the balance and the open freezes of every user, in small batches while the old system serves; from then on each side follows the other in the same transaction. A second run continues where the first was stopped. Exits 1 if a user could not be taken over.':
    '旧系统照常服务时，分小批接管每个用户的余额和未结冻结；此后每一边的写入都在同一事务中带动另一边。再次执行会从中断处继续。有用户无法接管时退出码为 1。',
  'the column of users that counts changes, for compare-and-swap (default: none)':
    '用户表中用于 CAS 的版本号列（默认：没有）',
  'the house account that has what the old side brings in': '记录旧系统带入金额的内部账户',
  'what happens to an old write that the ledger cannot follow: it fails, or it is recorded for a repair':
    '账本无法跟随旧系统的某次写入时怎么办：让写入失败（refuse），或记录下来待修复（record）',
  'users that one transaction takes over, and locks; at most 1000': '一个事务接管并锁定的用户数，最多 1000',
  'bring accounts that have coins in the ledger already to what the old rows say':
    '账本中已有余额的账户，改为旧表中的数额',
  'Shows what is bridged, and what is not.': '显示哪些已桥接，哪些没有。',
  'Compares every user and every user’s open freezes as of one instant. Exits 1 if anything differs, and was not repaired.':
    '按同一时刻的快照，逐个比对用户及其未结冻结。有差异且未修复时退出码为 1。',
  'post what is missing, so that available is what the old row says; nothing is edited':
    '补记差额，使可用余额与旧表一致；不改动任何已有记录',
  'Refuses the old side to write bridged columns, for the last step. The ledger goes on.':
    '拒绝旧系统写入被桥接的列，用于最后一步。账本照常工作。',
  'let the old side write again': '让旧系统恢复写入',
  'Removes the bridge: each side goes on by itself, and the old tables are exact. Open holds of bridged accounts are in the way, unless:':
    '拆除桥接：两边各自继续，旧表的数据是准确的。被桥接的账户还有未结冻结单时会被拒绝，除非：',
  'write them to the old log as open freezes': '把它们作为未结冻结写入旧的冻结表',
  'leave them: the old system does not know them, and has their coins frozen':
    '保留它们：旧系统不认识它们，但它们的金额仍在冻结中',
}
