import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { applyPreferences } from './preferences.ts'
import { tokenOfPage } from './user/token.ts'
import { UserPage } from './user/user-page.tsx'

applyPreferences()
const token = tokenOfPage()
createRoot(document.querySelector('#console')!).render(
  <StrictMode>
    <QueryClientProvider client={new QueryClient()}>
      <UserPage token={token} />
    </QueryClientProvider>
  </StrictMode>,
)
