/** Pieces of HTML that the sections of the page share. */

export function escape(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
}

/** The first cell of a row is its head. Cells are HTML. */
export function tableOf(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = rows.map(
    ([first, ...cells]) => `<tr><th>${first}</th>${cells.map((cell) => `<td>${cell}</td>`).join('')}</tr>`,
  )
  return `<div class="wide"><table><tr>${head.map((name) => `<th>${escape(name)}</th>`).join('')}</tr>${lines.join('')}</table></div>`
}
