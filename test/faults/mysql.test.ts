import { describeServerFaults } from './suite.ts'

describeServerFaults('mysql')
