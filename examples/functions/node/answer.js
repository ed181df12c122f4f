// Turns a CloudEvent that came by HTTP into a status and a body: 422 is a refusal, 503 asks to be called later.

import kyc from './kyc.js'

/**
 * @param {string} text - the body of the request
 * @returns {Promise<{status: number, body: string}>}
 */
export async function answer(text) {
  try {
    const { id, type, data } = JSON.parse(text)
    if (type !== 'quantumstream.function.invoke') return { status: 400, body: 'no call' }
    return { status: 200, body: JSON.stringify(await kyc(data, { idempotencyKey: id })) }
  } catch (error) {
    return { status: error.name === 'RetryLater' ? 503 : 422, body: String(error.message) }
  }
}
