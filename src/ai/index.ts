/** `holdfast/ai`: prices of model calls. It runs wherever the client does. */
export { priceBook, PriceBook, PriceVersion } from '../prices/price-book.ts'
export { recomputeBill, Tariff, tariffOf } from '../prices/bill.ts'
export { PriceFileError } from '../prices/price-file-error.ts'
export type { Favour, LongPromptPrices, ModelPrices, PricedPart, Prices, PriceTable } from '../prices/price-table.ts'
export type { Quantity, Usage } from '../prices/usage.ts'
