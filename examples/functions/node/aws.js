// AWS Lambda: handler "aws.handler". The event is a CloudEvent; what is thrown is told to QuantumStream by its name.

import kyc from './kyc.js'

/** @param {{id: string, subject: string, data: object}} event */
export async function handler({ id, data }) {
  return kyc(data, { idempotencyKey: id })
}
