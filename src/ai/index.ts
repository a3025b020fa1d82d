/**
 * `holdfast/ai`: charges for calls to models. It runs wherever the client does. Of the AI SDK it uses types only, so a program without the SDK
 * needs none of its packages.
 */
export { credits } from './language-model.ts'
export { embeddingCredits } from './embedding-model.ts'
export { imageCredits } from './image-model.ts'
export { meteredFetch, type MeteredFetch, type MeteredFetchOptions, type MeteredRequest } from './metered-fetch.ts'
export { metered, type Estimate, type Meter, type Outcome } from './metered.ts'
export { correctUsage } from './correct-usage.ts'
export { CreditsError, type CreditsErrorData } from './credits-error.ts'
export type { CallOptions, CreditsOptions, Ending, EndingPolicy, SettledCall } from './credits-options.ts'
export type { MeteringLedger, MeteringTrouble } from './metered-hold.ts'
export { METERING_LIMITS, type MeteringLimits } from './limits.ts'
export type { CountTokens } from './token-estimate.ts'
export { priceBook, PriceBook, PriceVersion } from '../prices/price-book.ts'
export { recomputeBill, Tariff, tariffOf } from '../prices/bill.ts'
export { PriceFileError } from '../prices/price-file-error.ts'
export type { Favour, LongPromptPrices, ModelPrices, PricedPart, Prices, PriceTable } from '../prices/price-table.ts'
export type { Quantity, Usage } from '../prices/usage.ts'
