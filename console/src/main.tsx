import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { App } from './app.tsx'
import { applyPreferences } from './preferences.ts'

applyPreferences()
createRoot(document.querySelector('#console')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
