import { mysqlOldServer } from '../bridge/mysql-server.ts'
import { describeRoad } from './walk.ts'

describeRoad('mysql', mysqlOldServer('mysql'))
