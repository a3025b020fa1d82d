import { OLD_SYSTEM_SERVERS } from '../support/old-system.ts'
import { importSuite } from './suite.ts'

importSuite(OLD_SYSTEM_SERVERS.find(({ name }) => name === 'postgres')!)
