import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgeReplica } from './replication.ts'

const RUNNING = {
  Source_Host: 'db1',
  Replica_IO_Running: 'Yes',
  Replica_SQL_Running: 'Yes',
  Last_IO_Error: '',
  Last_SQL_Error: '',
  Seconds_Behind_Source: '0',
}

test('a replica that is behind or has stopped is a risk, in the words of both servers', () => {
  assert.equal(judgeReplica([])[0]!.severity, 'fine')
  assert.equal(judgeReplica([RUNNING])[0]!.severity, 'fine')
  assert.equal(judgeReplica([{ ...RUNNING, Seconds_Behind_Source: '11' }])[0]!.severity, 'risk')
  assert.equal(judgeReplica([{ ...RUNNING, Seconds_Behind_Source: null }])[0]!.severity, 'risk')
  const [stopped] = judgeReplica([
    {
      Master_Host: 'db1',
      Slave_IO_Running: 'Yes',
      Slave_SQL_Running: 'No',
      Last_IO_Error: '',
      Last_SQL_Error: 'Duplicate entry',
    },
  ])
  assert.deepEqual(
    [stopped!.severity, stopped!.value],
    ['risk', 'this server is a replica of db1, and has stopped: Duplicate entry'],
  )
})
