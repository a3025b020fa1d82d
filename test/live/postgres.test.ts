import { describeLiveRun } from './suite.ts'

describeLiveRun('postgres')
