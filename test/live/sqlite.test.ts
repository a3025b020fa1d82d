import { describeLiveRun } from './suite.ts'

describeLiveRun('sqlite')
