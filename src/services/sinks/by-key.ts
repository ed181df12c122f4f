/** Sends messages one by one, those of different keys at the same time. */

import { AppError } from '../../base/app-error.ts'
import type { SinkMessage, SinkVerdict } from '../sink.ts'

/**
 * Sends a list: of each key one at a time in its order, of all together at most `most`. After one that was not taken, its
 * key is left; after an error of the sink as a whole, everything is.
 *
 * @param sendOne - resolves when the message was taken; throws AppError
 */
export async function sendByKey(
  messages: readonly SinkMessage[],
  most: number,
  sendOne: (message: SinkMessage) => Promise<void>,
): Promise<readonly SinkVerdict[]> {
  const lines = new Map<string, number[]>()
  for (const [at, { key }] of messages.entries()) {
    const line = lines.get(key)
    if (line) line.push(at)
    else lines.set(key, [at])
  }
  const verdicts: SinkVerdict[] = new Array(messages.length).fill(undefined)
  let ended: AppError | undefined
  const run = async (line: readonly number[]) => {
    let failed: AppError | undefined
    for (const at of line) {
      failed ??= ended
      if (failed === undefined) failed = await verdictOf(sendOne, messages[at] as SinkMessage)
      verdicts[at] = failed
      if (failed && failed.code !== 'services/message-refused') ended ??= failed
    }
  }
  const waiting = lines.values()
  const worker = async () => {
    for (const line of waiting) await run(line)
  }
  await Promise.all(Array.from({ length: Math.min(most, lines.size) }, worker))
  return verdicts
}

async function verdictOf(
  sendOne: (message: SinkMessage) => Promise<void>,
  message: SinkMessage,
): Promise<SinkVerdict> {
  try {
    await sendOne(message)
    return undefined
  } catch (error) {
    if (error instanceof AppError) return error
    const text = error instanceof Error ? error.message : String(error)
    return new AppError({
      code: 'services/sink-failed',
      message: text,
      cause: error,
      retry: 'later',
    })
  }
}
