import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shownStatement } from './statement-text.ts'

test('no password of a statement is shown', () => {
  const texts = [
    "CREATE USER 'ann'@'%' IDENTIFIED BY 'geheim'",
    "ALTER USER ann IDENTIFIED WITH caching_sha2_password BY 'geheim'",
    "ALTER USER ann IDENTIFIED VIA mysql_native_password USING PASSWORD('geheim')",
    "GRANT ALL ON *.* TO ann IDENTIFIED BY PASSWORD 'geheim'",
    "SET PASSWORD = 'geheim'",
    "SET PASSWORD FOR 'ann'@'%' = PASSWORD('geheim')",
    "CREATE ROLE ann LOGIN PASSWORD 'geheim'",
    "ALTER ROLE ann\n  ENCRYPTED PASSWORD 'it''s geheim'",
    "CHANGE REPLICATION SOURCE TO SOURCE_HOST = 'db1', SOURCE_PASSWORD = 'geheim'",
    "CREATE SUBSCRIPTION s CONNECTION 'host=db1 password=geheim' PUBLICATION p",
    "ALTER USER ann PASSWORD 'geheim",
    'ALTER ROLE ann PASSWORD $x$geheim$x$',
    'ALTER ROLE ann PASSWORD $$geheim',
    "UPDATE users SET password_hash = 'geheim'",
  ]
  for (const text of texts) assert.doesNotMatch(shownStatement(text), /geheim/, text)
})

test('other statements are shown on one line, and cut when they are long', () => {
  assert.equal(
    shownStatement("UPDATE users\n\tSET name = 'ann'  WHERE id = 1"),
    "UPDATE users SET name = 'ann' WHERE id = 1",
  )
  assert.equal(shownStatement(`SELECT '${'x'.repeat(1_000)}'`).length, 301)
})
