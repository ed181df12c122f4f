/** Makes certificates for tests of TLS, by the program openssl. */

import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** PEM texts: an authority, a server at 127.0.0.1, and a client of the name `caller`. */
export interface TestCertificates {
  readonly authority: string
  readonly server: { readonly cert: string; readonly key: string }
  readonly client: { readonly cert: string; readonly key: string }
}

/** New ones, good for a day. */
export async function testCertificates(): Promise<TestCertificates> {
  const folder = await mkdtemp(path.join(tmpdir(), 'qs-certificates-'))
  const file = (name: string) => path.join(folder, name)
  const openssl = (...words: string[]) => run('openssl', words, { cwd: folder })
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes']
  const signed = ['-CA', 'authority.pem', '-CAkey', 'authority.key']
  const make = async (name: string, subject: string, more: readonly string[]) => {
    await openssl(
      ...['req', '-x509', ...key, '-days', '1', '-subj', `/CN=${subject}`, ...more],
      ...['-keyout', `${name}.key`, '-out', `${name}.pem`],
    )
    const [cert, secret] = await Promise.all([
      readFile(file(`${name}.pem`), 'utf8'),
      readFile(file(`${name}.key`), 'utf8'),
    ])
    return { cert, key: secret }
  }
  try {
    const authority = await make('authority', 'test authority', [])
    const [server, client] = await Promise.all([
      make('server', '127.0.0.1', [...signed, '-addext', 'subjectAltName=IP:127.0.0.1']),
      make('client', 'caller', [...signed]),
    ])
    return { authority: authority.cert, server, client }
  } finally {
    await rm(folder, { recursive: true })
  }
}
