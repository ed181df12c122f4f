// Google Cloud Functions: entry point "kyc", by functions-framework. Google itself checks the ID token before this runs.

import { http } from '@google-cloud/functions-framework'
import { answer } from './answer.js'

http('kyc', async (request, response) => {
  const { status, body } = await answer(request.rawBody.toString('utf8'))
  response.status(status).send(body)
})
