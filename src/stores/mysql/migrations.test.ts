import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mysqlMigrations, statementsIn } from './migrations.ts'

test('a file is cut at the semicolons that end a line, and comments are no statements', () => {
  const sql = `-- One; two.
CREATE TABLE a (
  b VARCHAR(9) DEFAULT ';' -- here; too
);

INSERT INTO a VALUES ('x;y');
-- The end.
`
  assert.deepEqual(statementsIn(sql), [
    `-- One; two.\nCREATE TABLE a (\n  b VARCHAR(9) DEFAULT ';' -- here; too\n)`,
    `INSERT INTO a VALUES ('x;y')`,
  ])
})

test('every statement of every migration is one that can be found done already', () => {
  const again = /^(?:--.*\n|\s)*(?:CREATE TABLE|CREATE SQL SECURITY INVOKER VIEW|INSERT INTO|ALTER TABLE)\b/
  for (const { name, sql } of mysqlMigrations()) {
    for (const statement of statementsIn(sql)) assert.match(statement, again, name)
  }
})
