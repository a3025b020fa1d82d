/**
 * The deadlock in SHOW ENGINE INNODB STATUS, as the servers printed it: one transaction changed a row of `users` and then one of `balances`,
 * the other one the other way round.
 */

export const MYSQL_STATUS = `
------------------------
LATEST DETECTED DEADLOCK
------------------------
2026-11-30 10:41:11 140565875152576
*** (1) TRANSACTION:
TRANSACTION 54283, ACTIVE 1 sec starting index read
mysql tables in use 1, locked 1
LOCK WAIT 4 lock struct(s), heap size 1128, 2 row lock(s), undo log entries 1
MySQL thread id 1064, OS thread handle 140565754439360, query id 50421 localhost 127.0.0.1 root updating
UPDATE balances SET v = 7 WHERE account = 'user:1'

*** (1) HOLDS THE LOCK(S):
RECORD LOCKS space id 1878 page no 4 n bits 72 index PRIMARY of table \`ledger\`.\`users\` trx id 54283 lock_mode X locks rec but not gap
Record lock, heap no 2 PHYSICAL RECORD: n_fields 4; compact format; info bits 0
 0: len 8; hex 8000000000000001; asc         ;;
 1: len 6; hex 00000000d40b; asc       ;;
 2: len 7; hex 0100000183184d; asc       M;;
 3: len 2; hex 616c; asc al;;


*** (1) WAITING FOR THIS LOCK TO BE GRANTED:
RECORD LOCKS space id 1879 page no 5 n bits 72 index balances_name of table \`ledger\`.\`balances\` trx id 54283 lock_mode X locks rec but not gap waiting
Record lock, heap no 2 PHYSICAL RECORD: n_fields 2; compact format; info bits 0
 0: len 6; hex 757365723a31; asc user:1;;
 1: len 8; hex 800000000000000a; asc         ;;


*** (2) TRANSACTION:
TRANSACTION 54284, ACTIVE 1 sec fetching rows
mysql tables in use 1, locked 1
LOCK WAIT 5 lock struct(s), heap size 1128, 3 row lock(s), undo log entries 1
MySQL thread id 1065, OS thread handle 140565781726912, query id 50439 localhost 127.0.0.1 root updating
UPDATE users SET name='x' WHERE name = 'ann' OR id = 1

*** (2) HOLDS THE LOCK(S):
RECORD LOCKS space id 1879 page no 5 n bits 72 index balances_name of table \`ledger\`.\`balances\` trx id 54284 lock_mode X locks rec but not gap
Record lock, heap no 2 PHYSICAL RECORD: n_fields 2; compact format; info bits 0
 0: len 6; hex 757365723a31; asc user:1;;
 1: len 8; hex 800000000000000a; asc         ;;


*** (2) WAITING FOR THIS LOCK TO BE GRANTED:
RECORD LOCKS space id 1878 page no 4 n bits 72 index PRIMARY of table \`ledger\`.\`users\` trx id 54284 lock_mode X locks rec but not gap waiting
Record lock, heap no 2 PHYSICAL RECORD: n_fields 4; compact format; info bits 0
 0: len 8; hex 8000000000000001; asc         ;;
 1: len 6; hex 00000000d40b; asc       ;;
 2: len 7; hex 0100000183184d; asc       M;;
 3: len 2; hex 616c; asc al;;

*** WE ROLL BACK TRANSACTION (1)
------------
TRANSACTIONS
------------
`

export const MARIADB_STATUS = `
------------------------
LATEST DETECTED DEADLOCK
------------------------
2026-11-30 10:41:11 0x7f5c7c44a6c0
*** (1) TRANSACTION:
TRANSACTION 29042, ACTIVE 0 sec fetching rows
mysql tables in use 1, locked 1
LOCK WAIT 5 lock struct(s), heap size 1128, 4 row lock(s), undo log entries 1
MariaDB thread id 1065, OS thread handle 140035198592704, query id 50900 127.0.0.1 root Updating
UPDATE users SET name='x' WHERE name = 'ann' OR id = 1
*** WAITING FOR THIS LOCK TO BE GRANTED:
RECORD LOCKS space id 1876 page no 3 n bits 320 index PRIMARY of table \`ledger\`.\`users\` trx id 29042 lock_mode X locks rec but not gap waiting
Record lock, heap no 2 PHYSICAL RECORD: n_fields 4; compact format; info bits 0
 0: len 8; hex 8000000000000001; asc         ;;
 1: len 6; hex 000000007171; asc     qq;;
 2: len 7; hex 630000013a0110; asc c   :  ;;
 3: len 2; hex 616c; asc al;;

*** CONFLICTING WITH:
RECORD LOCKS space id 1876 page no 3 n bits 320 index PRIMARY of table \`ledger\`.\`users\` trx id 29041 lock_mode X locks rec but not gap
Record lock, heap no 2 PHYSICAL RECORD: n_fields 4; compact format; info bits 0
 0: len 8; hex 8000000000000001; asc         ;;
 1: len 6; hex 000000007171; asc     qq;;
 2: len 7; hex 630000013a0110; asc c   :  ;;
 3: len 2; hex 616c; asc al;;


*** (2) TRANSACTION:
TRANSACTION 29041, ACTIVE 0 sec starting index read
mysql tables in use 1, locked 1
LOCK WAIT 4 lock struct(s), heap size 1128, 2 row lock(s), undo log entries 1
MariaDB thread id 1064, OS thread handle 140035199821504, query id 50896 127.0.0.1 root Updating
UPDATE balances SET v = 7 WHERE account = 'user:1'
*** WAITING FOR THIS LOCK TO BE GRANTED:
RECORD LOCKS space id 1877 page no 4 n bits 320 index balances_name of table \`ledger\`.\`balances\` trx id 29041 lock_mode X locks rec but not gap waiting
Record lock, heap no 2 PHYSICAL RECORD: n_fields 2; compact format; info bits 0
 0: len 6; hex 757365723a31; asc user:1;;
 1: len 8; hex 800000000000000a; asc         ;;

*** CONFLICTING WITH:
RECORD LOCKS space id 1877 page no 4 n bits 320 index balances_name of table \`ledger\`.\`balances\` trx id 29042 lock_mode X locks rec but not gap
Record lock, heap no 2 PHYSICAL RECORD: n_fields 2; compact format; info bits 0
 0: len 6; hex 757365723a31; asc user:1;;
 1: len 8; hex 800000000000000a; asc         ;;

*** WE ROLL BACK TRANSACTION (2)
------------
TRANSACTIONS
------------
`
