/** Markdown without code: its headings, its links and its sentences. */
import { posix } from 'node:path'
import type { Source } from './source.ts'

export interface Link {
  /** From the repository's root; null for a place in the same file. */
  readonly path: string | null
  /** The text after the `#`, or null. */
  readonly anchor: string | null
  readonly written: string
  readonly line: number
}

/** The lines of a document; those of code blocks are empty, so that line numbers stay. */
export function proseLines({ text }: Source): readonly string[] {
  let fence: string | null = null
  return text.split('\n').map((line) => {
    const mark = /^\s*(```+|~~~+)/.exec(line)?.[1]
    if (mark === undefined) return fence === null ? line.replaceAll(/`[^`]*`/g, '``') : ''
    if (fence === null) fence = mark
    else if (mark.startsWith(fence)) fence = null
    return ''
  })
}

/** Links with a relative path. */
export function linksOf(source: Source): readonly Link[] {
  const folder = posix.dirname(source.path)
  return proseLines(source).flatMap((text, index) =>
    [...text.matchAll(/\]\(\s*<?([^)\s>]+)|^\s*\[[^\]]+\]:\s+(\S+)/g)]
      .map((match) => match[1] ?? match[2] ?? '')
      .filter((written) => !/^[a-z][a-z0-9+.-]*:/i.test(written))
      .map((written) => {
        const [path = '', anchor] = written.split('#')
        const target = path === '' ? null : posix.join(folder, decodeURIComponent(path))
        return { path: target, anchor: anchor ?? null, written, line: index + 1 }
      }),
  )
}

/** The anchors of the headings, as GitHub and others derive them. */
export function anchorsOf(source: Source): ReadonlySet<string> {
  const anchors = new Set<string>()
  const prose = proseLines(source)
  const headings = source.text.split('\n').filter((_, index) => /^#{1,6} /.test(prose[index] ?? ''))
  for (const heading of headings) {
    const words = heading.replace(/^#+ /, '').replaceAll(/[`*]|\[|\]\([^)]*\)/g, '')
    const anchor = words
      .trim()
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-')
    let unique = anchor
    for (let count = 1; anchors.has(unique); count += 1) unique = `${anchor}-${count}`
    anchors.add(unique)
  }
  return anchors
}
