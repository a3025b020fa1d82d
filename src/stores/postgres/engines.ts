/** Databases that speak PostgreSQL's protocol and are not PostgreSQL. Their `version()` names them. */

/** Their names, by a part of that text. Each has its own rules for commits, locks or constraints, and none was tested. */
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

/** The text of PostgreSQL itself, on any system. */
const POSTGRES = /^(?:PostgreSQL|EnterpriseDB) \d/

const SHOWN_LENGTH_MAX = 40

/** The name of the engine that `version` comes from; null for PostgreSQL. */
export function foreignEngine(version: string): string | null {
  const known = ENGINES.find(([pattern]) => pattern.test(version))
  if (known !== undefined) return known[1]
  return POSTGRES.test(version) ? null : `"${version.slice(0, SHOWN_LENGTH_MAX)}"`
}
