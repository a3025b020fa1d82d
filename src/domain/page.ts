/** Bounds of a page of any list. */

/** Rows per page. */
export const PAGE_LIMIT_DEFAULT = 50
export const PAGE_LIMIT_MAX = 1000
/**
 * Bytes of a page, by the JSON of its rows: it ends early when another row would be too much. A page of this size took a service 4 ms to
 * write (2 cores, 2.6 GHz), so that others need not wait for it.
 */
export const PAGE_BYTES_MAX = 1_048_576
/** Characters of a cursor: more than the longest key needs, which is an instant and a request id of 128 characters in base64. */
export const CURSOR_LENGTH_MAX = 512
