/** The logo: a clamp that holds a coin. */
export const LOGO = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32" role="img" aria-label="Holdfast">
<rect width="32" height="32" rx="7" fill="#0f766e"/>
<path d="M9 6v20M23 6v20" stroke="#fff" stroke-width="4" stroke-linecap="round"/>
<circle cx="16" cy="16" r="5" fill="#fbbf24"/>
</svg>`
