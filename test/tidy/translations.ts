/** A translated document says what the original says: it has the same headings, the same blocks of code, and the same code within its sentences. */
import type { Source, Violation } from './source.ts'

export function translationViolations(original: Source, translation: Source): readonly Violation[] {
  const [one, other] = [partsOf(original.text), partsOf(translation.text)]
  const { path } = translation
  return [
    ...differences(one.levels, other.levels).map((level) => `${path}: another order of headings, at ${level}`),
    ...differences(one.blocks, other.blocks).map(
      (block) => `${path}: another block of code than the original: ${block}`,
    ),
    ...lacking(one.spans, other.spans).map((span) => `${path} lacks \`${span}\``),
    ...lacking(other.spans, one.spans).map((span) => `${path} has \`${span}\`, which the original lacks`),
  ]
}

interface Parts {
  readonly levels: readonly string[]
  readonly blocks: readonly string[]
  readonly spans: ReadonlySet<string>
}

function partsOf(text: string): Parts {
  const blocks = [...text.matchAll(/^```[^]*?^```$/gm)].map(([block]) => block)
  const prose = text.replaceAll(/^```[^]*?^```$/gm, '')
  return {
    // Names of alerts are headings that stay as they are.
    levels: [...prose.matchAll(/^(#+) (Holdfast\w+)?/gm)].map(([, level, name = '']) => `${level} ${name}`.trim()),
    blocks,
    spans: new Set([...prose.matchAll(/`([^`]+)`/g)].map(([, span]) => span!.replaceAll(/\s+/g, ' '))),
  }
}

/** The first place at which two lists differ. */
function differences(one: readonly string[], other: readonly string[]): readonly string[] {
  const length = Math.max(one.length, other.length)
  const index = Array.from({ length }, (_, place) => place).find((place) => one[place] !== other[place])
  return index === undefined ? [] : [one[index] ?? other[index]!]
}

function lacking(wanted: ReadonlySet<string>, there: ReadonlySet<string>): readonly string[] {
  return [...wanted].filter((span) => !there.has(span))
}
