import { describeMysqlBridge } from './mysql-own.ts'
import { mysqlOldServer } from './mysql-server.ts'
import { bridgeSuite } from './suite.ts'

const server = mysqlOldServer('mysql')
bridgeSuite(server, () => describeMysqlBridge(server))
