import { mysqlServers } from '../../harness/mysql-servers.ts'
import { bridgeSuite } from './mysql-suite.ts'

bridgeSuite(mysqlServers().find(({ name }) => name === 'mysql')!)
