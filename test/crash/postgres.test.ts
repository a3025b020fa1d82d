import { describeServerCrashes } from './suite.ts'

describeServerCrashes('postgres')
