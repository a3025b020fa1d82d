import { describePostgresBridge } from './postgres-own.ts'
import { POSTGRES } from './postgres-server.ts'
import { bridgeSuite } from './suite.ts'

bridgeSuite(POSTGRES, () => describePostgresBridge(POSTGRES))
