/** Mounts the console in the page. */

import { QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { Refused } from './api/client.ts'
import { Console } from './console.tsx'
import './styles/console.css'

const root = document.getElementById('root')
if (!root) throw new Error('the page has no element with the id "root"')

/** Once more where that can help: not when the node has said that the question is wrong. */
function mayHelp(failures: number, error: Error): boolean {
  return failures < 1 && !(error instanceof Refused)
}

const queries = new QueryClient({
  defaultOptions: { queries: { staleTime: 10_000, retry: mayHelp, gcTime: 60_000 } },
})

createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={queries}>
      <Console />
    </QueryClientProvider>
  </StrictMode>,
)
