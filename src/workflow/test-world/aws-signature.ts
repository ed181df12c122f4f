/** Checks the signature of a request to AWS as AWS does: from the request and the secret, byte for byte. */

import { createHash, createHmac } from 'node:crypto'
import type { IncomingMessage } from 'node:http'

/** Whose requests are taken. */
export interface AwsAccount {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  readonly region: string
}

const hmac = (key: string | Buffer, text: string) => createHmac('sha256', key).update(text).digest()
const sha256 = (bytes: string | Buffer) => createHash('sha256').update(bytes).digest('hex')
const encoded = (text: string) =>
  encodeURIComponent(text).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )

/**
 * Why a request is refused; nothing if it is signed.
 *
 * @see AWS Signature Version 4, "Create a signed AWS API request"
 */
export function signatureFault(
  request: IncomingMessage,
  body: Buffer,
  { accessKeyId, secretAccessKey, region }: AwsAccount,
): string | undefined {
  const { authorization = '', 'x-amz-date': date = '' } = request.headers as Record<string, string>
  const form =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8}\/([^/]+)\/lambda\/aws4_request), SignedHeaders=([a-z0-9;-]+), Signature=([0-9a-f]{64})$/
  const [, key, scope = '', place, names = '', signature] = form.exec(authorization) ?? []
  if (key !== accessKeyId) return `the key is ${key}`
  if (place !== region) return `the region is ${place}`
  if (!scope.startsWith(`${date.slice(0, 8)}/`)) return 'the scope is of another day'
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(date) ?? []
  const atMs = Date.parse(`${y}-${mo}-${d}T${h}:${mi}:${s}Z`)
  if (!(Math.abs(atMs - Date.now()) < 5 * 60_000)) return `the time is ${date}`
  const signed = names.split(';')
  for (const name of ['host', 'x-amz-date'])
    if (!signed.includes(name)) return `${name} is unsigned`
  const url = new URL(request.url ?? '', 'http://host')
  const query = [...url.searchParams]
    .map(([name, value]) => `${encoded(name)}=${encoded(value)}`)
    .sort()
  const canonical = [
    request.method,
    url.pathname.split('/').map(encoded).join('/'),
    query.join('&'),
    ...signed.map((name) => `${name}:${String(request.headers[name] ?? '').trim()}`),
    '',
    names,
    sha256(body),
  ].join('\n')
  const text = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n')
  const signing = [...scope.split('/')].reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`)
  return hmac(signing, text).toString('hex') === signature ? undefined : 'the signature differs'
}
