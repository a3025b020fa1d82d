import assert from 'node:assert/strict'
import { test } from 'node:test'
import { foreignEngine } from './engines.ts'

test('PostgreSQL is recognized in every build', () => {
  const versions = [
    'PostgreSQL 15.20 (Debian 15.20-0+deb12u1) on x86_64-pc-linux-gnu, compiled by gcc (Debian 12.2.0-14) 12.2.0, 64-bit',
    'PostgreSQL 16.3 on x86_64-pc-linux-musl, compiled by gcc (Alpine 13.2.1_git20240309) 13.2.1 20240309, 64-bit',
    'PostgreSQL 16.1, compiled by Visual C++ build 1937, 64-bit',
    'PostgreSQL 16.3 - Percona Distribution on x86_64-pc-linux-gnu, compiled by gcc (GCC) 11.4.1, 64-bit',
    'PostgreSQL 18beta1 on aarch64-unknown-linux-gnu, compiled by gcc, 64-bit',
  ]
  for (const version of versions) assert.equal(foreignEngine(version), null, version)
})

test('an engine that only speaks the protocol is called by its name', () => {
  const versions = {
    'CockroachDB CCL v23.1.11 (x86_64-pc-linux-gnu, built 2023/09/27 01:53:43, go1.19.10)': 'CockroachDB',
    'PostgreSQL 11.2-YB-2.19.0.0-b0 on x86_64-pc-linux-gnu, compiled by clang version 15.0.3, 64-bit': 'YugabyteDB',
    'PostgreSQL 8.0.2 on i686-pc-linux-gnu, compiled by GCC gcc (GCC) 3.4.2 20041017 (Red Hat 3.4.2-6.fc3), Redshift 1.0.12103':
      'Amazon Redshift',
    'PostgreSQL 12.12 (Greenplum Database 7.0.0 build commit:0a7a3566873325aca1789ae6f818c80f17a9402d) on x86_64-pc-linux-gnu':
      'Greenplum',
    'PostgreSQL 14.4 (Apache Cloudberry 2.0.0 build dev) on x86_64-pc-linux-gnu': 'Apache Cloudberry',
    'PostgreSQL 12.3, compiled by Visual C++ build 1914, 64-bit, QuestDB': 'QuestDB',
    'PostgreSQL 9.5 on x86_64-unknown-linux-gnu (Materialize v0.52.3)': 'Materialize',
    'CrateDB 5.4.3 (built 713cae8/NA, Linux 5.10, OpenJDK 64-Bit Server VM 20.0.2+9)': 'CrateDB',
    'PostgreSQL 13.14.0-RisingWave-2.0.0 (abcdef)': 'RisingWave',
    '(openGauss 5.0.0 build a07d57c3) compiled at 2023-03-29 03:07:56': 'openGauss',
  }
  for (const [version, name] of Object.entries(versions)) assert.equal(foreignEngine(version), name)
})

test('one that nobody has heard of is shown as it calls itself', () => {
  assert.equal(foreignEngine('SomethingNew 1.0'), '"SomethingNew 1.0"')
  assert.equal(foreignEngine('x'.repeat(1_000))?.length, 42)
})
