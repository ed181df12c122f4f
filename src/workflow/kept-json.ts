/** Turns values into the JSON text that is kept of them, within bounds of size and nesting. */

import { AppError } from '../base/app-error.ts'

/** Largest value, in bytes of JSON: an event's data, a step's input or result, a definition. */
const maxKeptBytes = 256 * 1024
/** Deepest nesting: what is kept can still be put into a template without exceeding what expressions look through. */
const maxDepth = 128
/** Longest text of a reason, in characters. */
const maxReasonLength = 4_096

/**
 * The JSON text of a value; `undefined` counts as `null`.
 *
 * @param what - the value in words, with which the error begins
 * @throws AppError `workflow/value-too-large`, `workflow/value-too-deep`, `workflow/no-json`
 */
export function keptJson(value: unknown, what: string): string {
  checkShape(value, what)
  let text: string | undefined
  try {
    text = JSON.stringify(value ?? null)
  } catch (cause) {
    throw noJson(what, cause)
  }
  if (text === undefined) throw noJson(what)
  const bytes = Buffer.byteLength(text)
  if (bytes > maxKeptBytes) throw tooLarge(what, String(bytes))
  return text
}

/** A reason for people, cut where it becomes too long to be kept. */
export function keptReason(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error)
  return text.length <= maxReasonLength ? text : `${text.slice(0, maxReasonLength - 1)}…`
}

/** Looks before anything is written out: writing recurses, and a huge value would be held twice. */
function checkShape(value: unknown, what: string): void {
  let leastBytes = 0
  const open: { readonly one: unknown; readonly depth: number }[] = [{ one: value, depth: 0 }]
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { one, depth } = next
    leastBytes += typeof one === 'string' ? one.length : 1
    if (leastBytes > maxKeptBytes) throw tooLarge(what, `more than ${maxKeptBytes}`)
    if (typeof one !== 'object' || one === null) continue
    if (depth >= maxDepth) {
      const message = `${what} is nested too deeply: more than ${maxDepth} levels; make it flatter, or pass it on as text`
      throw new AppError({ code: 'workflow/value-too-deep', message })
    }
    for (const [name, member] of Object.entries(one)) {
      if (!Array.isArray(one)) leastBytes += name.length
      open.push({ one: member, depth: depth + 1 })
    }
  }
}

function tooLarge(what: string, bytes: string): AppError {
  const message = `${what} has ${bytes} bytes, over the limit of ${maxKeptBytes} bytes; keep it elsewhere, and pass on where it is`
  return new AppError({ code: 'workflow/value-too-large', message })
}

function noJson(what: string, cause?: unknown): AppError {
  return new AppError({ code: 'workflow/no-json', message: `${what} is no JSON`, cause })
}
