/** Dumps the tables of a MySQL or MariaDB database as SQL that recreates them. */

type Rows = readonly Readonly<Record<string, unknown>>[]

const OTHERS = `SELECT CONCAT('trigger ', trigger_name) AS what FROM information_schema.triggers WHERE trigger_schema = DATABASE()
  UNION ALL SELECT CONCAT('routine ', routine_name) FROM information_schema.routines WHERE routine_schema = DATABASE()
  UNION ALL SELECT CONCAT('event ', event_name) FROM information_schema.events WHERE event_schema = DATABASE()`

/**
 * The server's own CREATE statements, without the definer of a view and without AUTO_INCREMENT counters.
 *
 * @throws Error for anything that is neither a table nor a view
 */
export async function dumpMysqlSchema(query: (sql: string) => Promise<Rows>): Promise<string> {
  const others = await query(OTHERS)
  if (others.length > 0) throw new Error(`The dump of a schema omits ${others.map(({ what }) => what).join(', ')}.`)
  const [current] = await query('SELECT DATABASE() AS name')
  const found = await query('SHOW FULL TABLES')
  const names = found.map((row) => Object.values(row).map(String) as [name: string, type: string])
  names.sort(([left], [right]) => (left < right ? -1 : 1))
  const tables: string[] = []
  const views = new Map<string, string>()
  for (const [name, type] of names) {
    const [row] = await query(`SHOW CREATE ${type === 'VIEW' ? 'VIEW' : 'TABLE'} ${name}`)
    if (type !== 'VIEW') tables.push(tableOf(String(row!['Create Table'])))
    // MariaDB names the database in a view with JSON_TABLE.
    else views.set(name, viewOf(String(row!['Create View']).replaceAll(`\`${String(current!['name'])}\`.`, '')))
  }
  return [...tables, ...inOrder(views)].map((text) => `${text};\n`).join('\n')
}

/** Each view after the views that it names. */
function inOrder(views: ReadonlyMap<string, string>): readonly string[] {
  const [seen, placed] = [new Set<string>(), [] as string[]]
  const place = (name: string, text: string): void => {
    if (seen.has(name)) return
    seen.add(name)
    for (const [other, its] of views) if (text.includes(`\`${other}\``)) place(other, its)
    placed.push(text)
  }
  for (const [name, text] of views) place(name, text)
  return placed
}

/** MySQL repeats a column's character set and collation if they were given explicitly, even if they equal the table's. */
function tableOf(text: string): string {
  const [, characterSet, collation] = / DEFAULT CHARSET=(\w+) COLLATE=(\w+)/.exec(text)!
  return text
    .replace(/ AUTO_INCREMENT=\d+/, '')
    .replaceAll(new RegExp(`^(  \`.*?)(?: CHARACTER SET ${characterSet})? COLLATE ${collation}\\b`, 'gm'), '$1')
}

/** One column per line; the server writes a view on one line. */
function viewOf(text: string): string {
  return text
    .replace(' ALGORITHM=UNDEFINED', '')
    .replace(/ DEFINER=`[^`]*`(?:@`[^`]*`)?/, '')
    .replace(' AS select ', ' AS\nselect\n  ')
    .replaceAll(',`', ',\n  `')
    .replace(/ (from|where) /g, '\n$1 ')
}

/** `MariaDB 10.11`, `MySQL 9.7`. */
export async function mysqlVersion(query: (sql: string) => Promise<Rows>): Promise<string> {
  const [row] = await query('SELECT VERSION() AS version')
  const version = String(row!['version'])
  return `${/mariadb/i.test(version) ? 'MariaDB' : 'MySQL'} ${version.split('.', 2).join('.')}`
}
