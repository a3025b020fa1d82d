import { describeServerCrashes } from './suite.ts'

describeServerCrashes('mariadb')
