/** The limits of a page of a list. */

/** Rows per page. */
export const PAGE_LIMIT_DEFAULT = 50
export const PAGE_LIMIT_MAX = 1000
/**
 * The largest size of a page in bytes of JSON. A page ends before a row that would exceed it. A page of this size takes a service 4 ms to
 * write (2 cores, 2.6 GHz), which does not delay other callers noticeably.
 */
export const PAGE_BYTES_MAX = 1_048_576
/** The largest length of a cursor. The longest key, an instant and a request id of 128 characters in base64, needs less. */
export const CURSOR_LENGTH_MAX = 512
