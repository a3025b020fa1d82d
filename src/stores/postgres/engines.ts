/** Databases that speak PostgreSQL's protocol and are not PostgreSQL. They tell it in `version()`. */

/** Their names, by what is in the text. Each answers commits, locks or constraints by rules of its own, and none was tested. */
const ENGINES: readonly (readonly [pattern: RegExp, name: string])[] = [
  [/CockroachDB/i, 'CockroachDB'],
  [/-YB-|Yugabyte/i, 'YugabyteDB'],
  [/Redshift/i, 'Amazon Redshift'],
  [/Greenplum/i, 'Greenplum'],
  [/Cloudberry/i, 'Apache Cloudberry'],
  [/QuestDB/i, 'QuestDB'],
  [/Materialize/i, 'Materialize'],
  [/CrateDB/i, 'CrateDB'],
  [/RisingWave/i, 'RisingWave'],
  [/openGauss|GaussDB/i, 'openGauss'],
  [/\bYDB\b/i, 'YDB'],
]

/** PostgreSQL as its builders name it, whatever the system. */
const POSTGRES = /^(?:PostgreSQL|EnterpriseDB) \d/

const SHOWN_LENGTH_MAX = 40

/** The name of the engine that `version` comes from; null for PostgreSQL. */
export function foreignEngine(version: string): string | null {
  const known = ENGINES.find(([pattern]) => pattern.test(version))
  if (known !== undefined) return known[1]
  return POSTGRES.test(version) ? null : `"${version.slice(0, SHOWN_LENGTH_MAX)}"`
}
