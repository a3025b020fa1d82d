/** Statements of other database sessions, as they may be shown. */

/** A longer statement is cut. */
const STATEMENT_CHARACTERS_MAX = 300

/** A statement with one of these words may set a password, in one of many forms. */
const MAY_HAVE_SECRET = /password|passwd|identified|secret|token|credential/i
/** Quoted texts, also one that was cut before its end. */
const QUOTED = /'(?:[^'\\]|\\.|'')*(?:'|$)|"(?:[^"\\]|\\.|"")*(?:"|$)|\$(\w*)\$[\s\S]*?(?:\$\1\$|$)/g

/** On one line, at most `STATEMENT_CHARACTERS_MAX` characters long. Where it may set a password, without all its quoted texts. */
export function shownStatement(text: string): string {
  const safe = MAY_HAVE_SECRET.test(text) ? text.replaceAll(QUOTED, "'***'") : text
  const line = safe.replaceAll(/\s+/g, ' ').trim()
  return line.length <= STATEMENT_CHARACTERS_MAX ? line : `${line.slice(0, STATEMENT_CHARACTERS_MAX)}…`
}
