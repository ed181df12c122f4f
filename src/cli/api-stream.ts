/** Follows a stream of server-sent events of a running node, over restarts of the node. */

import { setTimeout as pause } from 'node:timers/promises'
import { AppError } from '../base/app-error.ts'

/** One message of a stream. */
export interface StreamMessage<T> {
  readonly event: string
  readonly data: T
}

/** How long a node may be away before it is given up, and the pause between two tries. */
const [patienceMs, pauseMs] = [60_000, 500]
/** Longest message, in characters. */
const maxMessage = 16 * 1024 * 1024

/**
 * The messages of a stream, each once: after a cut it goes on behind the last one that had an id.
 *
 * @throws AppError `cli/no-node`, `cli/refused`
 */
export async function* followApi<T>(
  address: string,
  signal: AbortSignal,
): AsyncGenerator<StreamMessage<T>> {
  let lastId: string | undefined
  let lastSeenMs = performance.now()
  for (;;) {
    try {
      const response = await fetch(address, {
        signal,
        ...(lastId === undefined ? {} : { headers: { 'last-event-id': lastId } }),
      })
      await mustBeGood(response, address)
      for await (const text of messagesOf(response)) {
        lastSeenMs = performance.now()
        const fields = fieldsOf(text)
        lastId = fields.get('id') ?? lastId
        const data = fields.get('data')
        if (data === undefined) continue
        yield { event: fields.get('event') ?? 'message', data: JSON.parse(data) as T }
      }
    } catch (error) {
      if (signal.aborted) return
      if (error instanceof AppError) throw error
    }
    if (signal.aborted) return
    if (performance.now() - lastSeenMs > patienceMs) {
      const message = `${address} was cut off, and has not been there again for ${patienceMs / 1_000} s`
      throw new AppError({ code: 'cli/no-node', message, retry: 'later' })
    }
    await pause(pauseMs, undefined, { signal }).catch(() => {})
  }
}

async function mustBeGood(response: Response, address: string): Promise<void> {
  if (response.ok && response.body !== null) return
  const body = (await response.json().catch(() => ({}))) as { error?: { message: string } }
  const message = body.error?.message ?? `${address} answered ${response.status}`
  throw new AppError({ code: 'cli/refused', message })
}

/** Blocks of lines that an empty line ends. */
async function* messagesOf(response: Response): AsyncGenerator<string> {
  const decoder = new TextDecoder()
  let text = ''
  for await (const bytes of response.body as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(bytes, { stream: true })
    const parts = text.split('\n\n')
    text = parts.pop() ?? ''
    if (text.length > maxMessage) {
      throw new AppError({ code: 'cli/refused', message: 'a message of the stream is too long' })
    }
    yield* parts
  }
}

function fieldsOf(text: string): Map<string, string> {
  const lines = text.split('\n').filter((line) => !line.startsWith(':') && line.includes(':'))
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(':')
      return [line.slice(0, at), line.slice(at + 1).trimStart()]
    }),
  )
}
