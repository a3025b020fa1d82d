import { describeSqliteCrashes } from './suite.ts'

describeSqliteCrashes()
