import { describeServerFaults } from './suite.ts'

describeServerFaults('mariadb')
