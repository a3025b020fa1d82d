import { mysqlOldServer } from '../bridge/mysql-server.ts'
import { describeRoad } from './walk.ts'

describeRoad('mariadb', mysqlOldServer('mariadb'))
