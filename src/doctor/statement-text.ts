/** Statements of other database sessions, as they may be shown. */

/** A longer statement is cut. */
const STATEMENT_CHARACTERS_MAX = 300

/** What comes before a password in the statements that set one. */
const SECRET =
  /\b(password\s*(?:=|\(|to|for\s+\S+\s*=)?|identified\s+(?:(?:by|via|with)\s+)?(?:\S+\s+(?:by|as|using)\s+)?(?:password\s*\(?)?|secret|token)\s*(?:'(?:[^'\\]|\\.|'')*'?|"(?:[^"\\]|\\.|"")*"?)/gi

/** On one line, without passwords, at most `STATEMENT_CHARACTERS_MAX` characters long. */
export function shownStatement(text: string): string {
  const line = text.replaceAll(SECRET, '$1 ***').replaceAll(/\s+/g, ' ').trim()
  return line.length <= STATEMENT_CHARACTERS_MAX ? line : `${line.slice(0, STATEMENT_CHARACTERS_MAX)}…`
}
