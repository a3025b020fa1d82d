import { describeLiveRun } from './suite.ts'

describeLiveRun('mariadb')
