/** All texts of the help in Chinese, by the English text: so a text that changes in English has none until it is written again. */
import { ACCOUNTS_IN_CHINESE } from './accounts.ts'
import { BRIDGE_IN_CHINESE } from './bridge.ts'
import { DATABASE_IN_CHINESE } from './database.ts'
import { GENERAL_IN_CHINESE } from './general.ts'
import { HOLDS_IN_CHINESE } from './holds.ts'
import { IMPORT_IN_CHINESE } from './import.ts'
import { MOVEMENTS_IN_CHINESE } from './movements.ts'
import { PRICES_IN_CHINESE } from './prices.ts'
import { RECONCILE_IN_CHINESE } from './reconcile.ts'
import { SETTINGS_IN_CHINESE } from './settings.ts'

const TABLES = [
  ACCOUNTS_IN_CHINESE,
  DATABASE_IN_CHINESE,
  GENERAL_IN_CHINESE,
  HOLDS_IN_CHINESE,
  IMPORT_IN_CHINESE,
  BRIDGE_IN_CHINESE,
  MOVEMENTS_IN_CHINESE,
  PRICES_IN_CHINESE,
  RECONCILE_IN_CHINESE,
  SETTINGS_IN_CHINESE,
]

export const TEXTS_IN_CHINESE: ReadonlyMap<string, string> = new Map(TABLES.flatMap((table) => Object.entries(table)))

/** ` (default: 127.0.0.1, env: HOLDFAST_HOST)`, as settings have it. */
const SOURCES = / \((?:default: (?<fallback>[^()]*?), )?env: (?<variable>[A-Z_]+)\)$/

/** Null for a text without a translation. */
export function inChinese(english: string): string | null {
  const sources = SOURCES.exec(english)
  const found = TEXTS_IN_CHINESE.get(sources === null ? english : english.slice(0, sources.index))
  if (found === undefined) return null
  if (sources === null) return found
  const { fallback, variable } = sources.groups!
  return `${found}（${fallback === undefined ? '' : `默认：${fallback}，`}环境变量：${variable}）`
}
