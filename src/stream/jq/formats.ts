/** Writes values in jq's formats: for CSV, HTML, shells, addresses and the like. */

import type { Evaluation } from './budget.ts'
import { unfit } from './complaints.ts'
import { jsonTextOf } from './json-text.ts'
import { isNumeric, type Value } from './values.ts'

/** A value as text: a text as it is, others as JSON; an exact integer by its digits. */
export function textOf(value: Value, run: Evaluation): string {
  if (typeof value === 'string') return value
  if (typeof value === 'bigint') return String(value)
  return jsonTextOf(value, Number.POSITIVE_INFINITY, (length) => run.copy(length))
}

type Format = (value: Value, run: Evaluation) => string

const table: Readonly<Record<string, Format>> = {
  text: textOf,
  json: (value, run) => jsonTextOf(value, Number.POSITIVE_INFINITY, (length) => run.copy(length)),
  csv: (value, run) => row(value, csv, run),
  tsv: (value, run) => row(value, tsv, run),
  html: (value, run) => replaced(textOf(value, run), /[&<>'"]/g, htmlSigns, run),
  uri: (value, run) => uriOf(textOf(value, run), run),
  urid: (value, run) => fromUri(textOf(value, run), run),
  sh: shellWords,
  base64: (value, run) => Buffer.from(costed(textOf(value, run), run)).toString('base64'),
  base64d: (value, run) => fromBase64(textOf(value, run), run),
  base32: (value, run) => base32Of(Buffer.from(costed(textOf(value, run), run))),
  base32d: (value, run) => fromBase32(textOf(value, run), run),
}

/** Names of formats. */
export const formats: readonly string[] = Object.keys(table)

/** Applies a format that is known; @throws Raised where the value does not suit it */
export function formatted(name: string, value: Value, run: Evaluation): string {
  const format = table[name]
  return format === undefined ? textOf(value, run) : format(value, run)
}

function costed(text: string, run: Evaluation): string {
  run.copy(text.length)
  return text
}

function replaced(
  text: string,
  pattern: RegExp,
  signs: Readonly<Record<string, string>>,
  run: Evaluation,
): string {
  return costed(text, run).replace(pattern, (sign) => signs[sign] ?? sign)
}

const htmlSigns = { '&': '&amp;', '<': '&lt;', '>': '&gt;', "'": '&apos;', '"': '&quot;' }

interface RowForm {
  readonly name: string
  readonly separator: string
  readonly quoted: (text: string, run: Evaluation) => string
}

const csv: RowForm = {
  name: 'csv',
  separator: ',',
  quoted: (text, run) => `"${costed(text, run).replaceAll('"', '""')}"`,
}
const tsv: RowForm = {
  name: 'tsv',
  separator: '\t',
  quoted: (text, run) =>
    replaced(text, /[\t\r\n\\]/g, { '\t': '\\t', '\r': '\\r', '\n': '\\n', '\\': '\\\\' }, run),
}

function row(value: Value, { name, separator, quoted }: RowForm, run: Evaluation): string {
  if (!Array.isArray(value)) throw unfit(value, `cannot be ${name}-formatted, only array`)
  const cells = value.map((cell: Value) => {
    run.spend(1)
    if (cell === null || (typeof cell === 'number' && Number.isNaN(cell))) return ''
    if (typeof cell === 'boolean' || isNumeric(cell)) return textOf(cell, run)
    if (typeof cell === 'string') return quoted(cell, run)
    throw unfit(cell, 'is not valid in a csv row')
  })
  return cells.join(separator)
}

function shellWords(value: Value, run: Evaluation): string {
  const words: readonly Value[] = Array.isArray(value) ? value : [value]
  const quoted = words.map((word) => {
    run.spend(1)
    if (typeof word === 'string') return `'${costed(word, run).replaceAll("'", "'\\''")}'`
    if (typeof word === 'object' && word !== null && !isNumeric(word)) {
      throw unfit(word, 'can not be escaped for shell')
    }
    return textOf(word, run)
  })
  return quoted.join(' ')
}

function uriOf(text: string, run: Evaluation): string {
  return encodeURIComponent(costed(text, run).toWellFormed()).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}

function fromUri(text: string, run: Evaluation): string {
  try {
    return decodeURIComponent(costed(text, run))
  } catch {
    throw unfit(text, 'is not a valid uri encoding')
  }
}

function fromBase64(text: string, run: Evaluation): string {
  const [data = ''] = costed(text, run).split('=')
  if (/[^A-Za-z0-9+/]/.test(data)) throw unfit(text, 'is not valid base64 data')
  if (data.length % 4 === 1) throw unfit(text, 'trailing base64 byte found')
  return Buffer.from(data, 'base64').toString('utf8')
}

const base32Signs = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** RFC 4648, section 6. */
function base32Of(bytes: Uint8Array): string {
  let [text, bits, count] = ['', 0, 0]
  for (const byte of bytes) {
    bits = (bits << 8) | byte
    count += 8
    while (count >= 5) {
      count -= 5
      text += base32Signs[(bits >> count) & 31]
    }
    bits &= (1 << count) - 1
  }
  if (count > 0) text += base32Signs[(bits << (5 - count)) & 31]
  return text.padEnd(Math.ceil(text.length / 8) * 8, '=')
}

function fromBase32(text: string, run: Evaluation): string {
  const [data = ''] = costed(text, run).split('=')
  const bytes: number[] = []
  let [bits, count] = [0, 0]
  for (const sign of data) {
    const place = base32Signs.indexOf(sign)
    if (place < 0) throw unfit(text, 'is not valid base32 data')
    bits = (bits << 5) | place
    count += 5
    if (count < 8) continue
    count -= 8
    bytes.push((bits >> count) & 255)
    bits &= (1 << count) - 1
  }
  return Buffer.from(bytes).toString('utf8')
}
