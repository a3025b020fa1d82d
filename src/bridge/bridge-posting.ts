/** What the entries of a bridge are, on every kind of database. */

/** The stripes of the house account are those of engines up to here (src/domain/house-stripes.ts), and those of users after it. */
export const STRIPES_OF_ENGINES = 65_536

/** The memo of an entry that makes an old request id known. */
export const KNOWN_MEMO = 'bridge: a freeze of the old system'

/** How often a number is drawn that somebody may have. */
export const NUMBER_TRIES_MAX = 8
