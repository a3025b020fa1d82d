import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MEBIBYTE } from '../sizes.ts'
import { holdersIn } from './file-locks.ts'
import { judgeFile, type FileFacts } from './file.ts'

const SOUND: FileFacts = {
  file: '/var/lib/holdfast/ledger.db',
  mode: 0o600,
  names: 1,
  obstacle: null,
  system: 0xef53,
  bytesFree: 10_000 * MEBIBYTE,
  bytesAll: 20_000 * MEBIBYTE,
}

test('who may use the file, where it is, and how much room is left', () => {
  const toDo = (changes: Partial<FileFacts>): readonly string[] =>
    judgeFile({ ...SOUND, ...changes })
      .filter(({ severity }) => severity !== 'fine')
      .map(({ id, severity }) => `${severity} ${id}`)
  const cases: readonly (readonly [changes: Partial<FileFacts>, found: readonly string[]])[] = [
    [{}, []],
    [{ mode: 0o640 }, ['advice file.permissions']],
    [{ mode: 0o604 }, ['advice file.permissions']],
    [{ mode: 0o620 }, ['risk file.permissions']],
    [{ mode: 0o666 }, ['risk file.permissions']],
    [{ names: 2 }, ['risk file.links']],
    [{ obstacle: 'The user of this process may not read it.' }, ['broken file.obstacle']],
    [{ system: 0x6969 }, ['broken file.system']],
    [{ system: 0x01021994 }, ['risk file.system']],
    [{ system: 0x794c7630 }, ['risk file.system']],
    [{ system: null }, []],
    [{ bytesFree: 1_000 * MEBIBYTE }, ['advice file.disk_free']],
    [{ bytesFree: 100 * MEBIBYTE }, ['risk file.disk_free']],
  ]
  for (const [changes, found] of cases) assert.deepEqual(toDo(changes), found, JSON.stringify(changes))
})

test('the processes with the locks of a file are read from those of the system', () => {
  const text = `1: POSIX  ADVISORY  READ 7209 fe:00:5226521 128 128
2: POSIX  ADVISORY  WRITE 13223 fe:00:2187736 120 120
3: POSIX  ADVISORY  READ 13223 fe:00:2187736 123 123
4: POSIX  ADVISORY  READ 999 fe:00:2187736 124 124
5: POSIX  ADVISORY  READ 13223 fe:00:2187736 128 128
6: POSIX  ADVISORY  WRITE 10825 fe:00:2172312 0 EOF
7: FLOCK  ADVISORY  WRITE 10826 fe:00:2187736 0 EOF
2: -> POSIX  ADVISORY  WRITE 4711 fe:00:2187736 120 120
`
  assert.deepEqual(holdersIn(text, 2_187_736), { writer: 13_223, readers: [13_223, 999] })
  assert.deepEqual(holdersIn(text, 5_226_521), { writer: null, readers: [] })
  assert.deepEqual(holdersIn('', 1), { writer: null, readers: [] })
})
