/** Configures the build and the tests of the console. */

import react from '@vitejs/plugin-react'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  plugins: [react()],
  server: { proxy: { '/v1': 'http://127.0.0.1:4000' } },
  build: { assetsInlineLimit: 0 },
  test: { environment: 'happy-dom', include: ['src/**/*.test.{ts,tsx}'] },
})
