/** Unpacks bodies of answers, never to more bytes than are allowed. */

import { promisify } from 'node:util'
import { brotliDecompress, gunzip, inflate, inflateRaw } from 'node:zlib'
import { AppError } from '../../base/app-error.ts'
import { type RawAnswer, tooLarge } from './exchange.ts'

const unpack = {
  gzip: promisify(gunzip),
  'x-gzip': promisify(gunzip),
  br: promisify(brotliDecompress),
  // Some servers send it without the frame that RFC 9110 asks for.
  deflate: (body: Buffer, bounds: { maxOutputLength: number }) =>
    ((body[0] ?? 0) & 0x0f) === 8
      ? promisify(inflate)(body, bounds)
      : promisify(inflateRaw)(body, bounds),
} as const

/**
 * The body as it was before compression.
 *
 * @throws AppError `workflow/http-too-large`, `workflow/http-bad-answer`
 */
export async function decodeBody(
  { headers, body }: RawAnswer,
  maxBytes: number,
  { origin }: URL,
): Promise<Buffer> {
  const coding = headers['content-encoding']?.trim().toLowerCase()
  if (coding === undefined || coding === '' || coding === 'identity' || body.length === 0)
    return body
  if (!Object.hasOwn(unpack, coding))
    throw bad(`${origin} answers in the unknown coding "${coding}"`)
  try {
    return await unpack[coding as keyof typeof unpack](body, { maxOutputLength: maxBytes })
  } catch (cause) {
    if ((cause as { code?: string }).code === 'ERR_BUFFER_TOO_LARGE')
      throw tooLarge(origin, maxBytes)
    throw bad(`${origin} answers with a body that cannot be unpacked`, cause)
  }
}

function bad(message: string, cause?: unknown): AppError {
  return new AppError({ code: 'workflow/http-bad-answer', message, cause })
}
