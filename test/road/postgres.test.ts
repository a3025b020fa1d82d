import { POSTGRES } from '../bridge/postgres-server.ts'
import { describeRoad } from './walk.ts'

describeRoad('postgres', POSTGRES)
