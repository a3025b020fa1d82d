/** The blocks of code in a document. */
import assert from 'node:assert/strict'

export interface Block {
  readonly language: string
  readonly text: string
  readonly line: number
  /** Why it is not run; null when it is. */
  readonly reason: string | null
  /** Whether only blank lines are between it and the block before. */
  readonly isNext: boolean
  /** The last heading before it, without its marks. */
  readonly heading: string
}

export function blocksOf(markdown: string): readonly Block[] {
  const blocks: Block[] = []
  const lines = markdown.split('\n')
  let before = ''
  let heading = ''
  for (let index = 0; index < lines.length; index++) {
    const [, language] = /^```(.*)$/.exec(lines[index]!) ?? []
    if (language === undefined) {
      heading = /^#+ (.+)$/.exec(lines[index]!)?.[1] ?? heading
      if (lines[index]!.trim() !== '') before = lines[index]!
      continue
    }
    const end = lines.indexOf('```', index + 1)
    assert.notEqual(end, -1, `the block of line ${index + 1} has no end`)
    const [, reason] = /^<!-- not run: (.+) -->$/.exec(before) ?? []
    const text = lines.slice(index + 1, end).join('\n')
    blocks.push({ language, text, line: index + 1, reason: reason ?? null, isNext: before === '```', heading })
    index = end
    before = '```'
  }
  return blocks
}
