/** Answers as the functions of the suite of providers do, for servers that stand in for those of others. */

import type { IncomingMessage } from 'node:http'
import type { CloudEvent } from '../../stream/cloud-event-http.ts'

/** The whole body of a request. */
export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

/** What a function of the suite answers over HTTP to its event. */
export function functionAnswer(
  name: string,
  { data: payload = null, id: key, deadline }: CloudEvent,
): { readonly status: number; readonly text: string } {
  const answers: Readonly<Record<string, { status: number; text: string }>> = {
    echo: { status: 200, text: JSON.stringify({ payload, key }) },
    until: { status: 200, text: JSON.stringify(deadline) },
    refuse: { status: 422, text: 'not this one' },
    later: { status: 503, text: 'busy' },
    large: { status: 200, text: JSON.stringify('x'.repeat(300_000)) },
    nojson: { status: 200, text: '<html>' },
  }
  return answers[name] ?? { status: 404, text: `there is no ${name}` }
}
