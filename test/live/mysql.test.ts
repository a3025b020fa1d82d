import { describeLiveRun } from './suite.ts'

describeLiveRun('mysql')
