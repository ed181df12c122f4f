// Azure Functions, programming model v4: the host checks the function key before this runs.

import { app } from '@azure/functions'
import { answer } from './answer.js'

app.http('kyc', {
  methods: ['POST'],
  authLevel: 'function',
  handler: async (request) => answer(await request.text()),
})
