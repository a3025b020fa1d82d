/** The file without its end row, which has the instant at which it was begun. */
export function withoutEnd(file: string): string {
  return file.replace(/(?:#end,|\{"end":true).*\r?\n$/, '')
}
