// Plain HTTP: a server that takes signed calls only. SECRET is that of the provider, PORT the port (8080).

import { createHmac, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import { answer } from './answer.js'

const secret = Buffer.from((process.env.SECRET ?? '').replace(/^whsec_/, ''), 'base64')
if (secret.length < 24) throw new Error('SECRET is base64 of 24 bytes at least')
const mostBytes = 1024 * 1024
const toleranceSeconds = 300

/** Whether a call is signed, by Standard Webhooks. */
function isSigned(headers, body) {
  const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': given = '' } = headers
  if (!(Math.abs(Number(time) - Date.now() / 1000) < toleranceSeconds)) return false
  const right = `v1,${createHmac('sha256', secret).update(`${id}.${time}.${body}`).digest('base64')}`
  return given
    .split(' ')
    .some(
      (one) => one.length === right.length && timingSafeEqual(Buffer.from(one), Buffer.from(right)),
    )
}

const server = createServer(async (request, response) => {
  const end = ({ status, body }) => response.writeHead(status).end(body)
  const chunks = []
  let size = 0
  for await (const chunk of request) {
    size += chunk.length
    if (size > mostBytes) return end({ status: 413, body: 'too long' })
    chunks.push(chunk)
  }
  const text = Buffer.concat(chunks).toString('utf8')
  if (request.method !== 'POST') return end({ status: 405, body: 'calls are posted' })
  if (!isSigned(request.headers, text)) return end({ status: 401, body: 'not signed' })
  return end(await answer(text))
})
server.listen(Number(process.env.PORT ?? 8080), () =>
  process.stdout.write(`listening on ${server.address().port}\n`),
)
