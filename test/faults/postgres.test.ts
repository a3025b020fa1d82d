import { describeServerFaults } from './suite.ts'

describeServerFaults('postgres')
