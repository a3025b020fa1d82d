import { OLD_SYSTEM_SERVERS } from '../support/old-system.ts'
import { tablesSuite } from './tables-suite.ts'

tablesSuite(OLD_SYSTEM_SERVERS.find(({ name }) => name === 'mysql')!)
