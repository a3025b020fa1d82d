import { OLD_FILE } from '../support/old-system.ts'
import { tablesSuite } from './tables-suite.ts'

tablesSuite(OLD_FILE)
