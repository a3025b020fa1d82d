import { describeServerCrashes } from './suite.ts'

describeServerCrashes('mysql')
