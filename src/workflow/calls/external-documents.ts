/** Gets the documents that calls name: descriptions of interfaces, and sources of scripts. */

import { createHash } from 'node:crypto'
import { open, realpath } from 'node:fs/promises'
import path from 'node:path'
import { parse as parseYaml } from 'yaml'
import type { Json } from '../../base/json-rpc.ts'
import { WorkflowError } from '../workflow-error.ts'
import type { AuthenticatedHttp } from './authentication.ts'
import { fieldsOf } from './call-fields.ts'
import { answerFailure } from './failures.ts'
import { type Endpoint, endpointOf } from './http-call.ts'

/** A document and where it came from. */
export interface ExternalDocument {
  readonly uri: string
  readonly text: string
}

/** Documents by their addresses, kept for a while. */
export interface ExternalDocuments {
  /**
   * What a reader makes of an external resource, `{name?, endpoint}`; kept for 5 minutes.
   *
   * @param kind - of the reader: what two kinds make of one document is kept apart
   */
  read<T>(
    resource: Json | undefined,
    kind: string,
    reading: {
      readonly read: (document: ExternalDocument) => T | Promise<T>
      readonly signal: AbortSignal
    },
  ): Promise<T>
}

export interface ExternalDocumentOptions {
  readonly http: AuthenticatedHttp
  /** Files of `file:` addresses lie below this folder; without it there are none. */
  readonly folder?: string | undefined
  readonly nowMs: () => number
}

const maxDocuments = 64
const keptMs = 5 * 60_000
const maxDocumentBytes = 4 * 1024 * 1024
/** YAML takes its reader a second for a megabyte or two. */
const maxYamlLength = 1024 * 1024

/** None yet. */
export function createExternalDocuments(options: ExternalDocumentOptions): ExternalDocuments {
  const kept = new Map<string, { readonly at: number; readonly made: unknown }>()
  return {
    async read<T>(
      resource: Json | undefined,
      kind: string,
      { read, signal }: Parameters<ExternalDocuments['read']>[2],
    ) {
      const endpoint = endpointOf(fieldsOf(resource, kind).endpoint ?? null, kind)
      const key = keyOf(kind, endpoint)
      const known = kept.get(key)
      if (known !== undefined && options.nowMs() < known.at + keptMs) return known.made as T
      const made = await read(await documentAt(endpoint, options, signal))
      kept.delete(key)
      if (kept.size >= maxDocuments) kept.delete(kept.keys().next().value ?? '')
      kept.set(key, { at: options.nowMs(), made })
      return made as T
    },
  }
}

function keyOf(kind: string, { uri, authentication }: Endpoint): string {
  const secret = authentication === undefined ? '' : JSON.stringify(authentication)
  return `${kind} ${uri} ${createHash('sha256').update(secret).digest('base64')}`
}

async function documentAt(
  { uri, authentication }: Endpoint,
  { http, folder }: ExternalDocumentOptions,
  signal: AbortSignal,
): Promise<ExternalDocument> {
  if (/^file:/i.test(uri)) return { uri, text: await fileAt(uri, folder) }
  const answer = await http.request(authentication, {
    ...{ url: uri, signal, maxBytes: maxDocumentBytes, redirect: 'follow' },
    headers: { accept: 'application/json, application/yaml, text/plain, */*;q=0.5' },
  })
  if (answer.status < 200 || answer.status > 299) {
    const { origin, pathname } = new URL(answer.url)
    throw answerFailure(`the document ${origin}${pathname}`, answer)
  }
  return { uri: answer.url, text: answer.body.toString('utf8') }
}

/** A file below the folder; what leads out of it, by dots or by links, is not read. */
async function fileAt(uri: string, folder: string | undefined): Promise<string> {
  if (folder === undefined) throw unusable(`${uri} cannot be read: no folder of documents is set`)
  const name = uri.replace(/^file:\/*/i, '').replace(/[?#].*$/, '')
  try {
    const top = await realpath(folder)
    const file = await realpath(path.join(top, decodeURIComponent(name)))
    if (!file.startsWith(top + path.sep)) throw unusable(`${uri} lies outside of its folder`)
    const handle = await open(file)
    try {
      const { size } = await handle.stat()
      if (size > maxDocumentBytes) throw unusable(`${uri} has over ${maxDocumentBytes} bytes`)
      return await handle.readFile('utf8')
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (cause instanceof WorkflowError) throw cause
    throw unusable(`${uri} cannot be read`, cause)
  }
}

/** A document's value, from JSON or YAML. @throws WorkflowError `configuration` */
export function documentValue({ uri, text }: ExternalDocument): Json {
  try {
    return JSON.parse(text) as Json
  } catch {
    // Then it is YAML, or nothing.
  }
  if (text.length > maxYamlLength)
    throw unusable(`${uri} is no JSON, and with over ${maxYamlLength} characters too long as YAML`)
  try {
    const value = parseYaml(text, { maxAliasCount: 100, logLevel: 'silent' }) as Json
    if (typeof value === 'object' && value !== null) return value
  } catch (cause) {
    throw unusable(`${uri} is neither JSON nor YAML`, cause)
  }
  throw unusable(`${uri} is neither JSON nor YAML`)
}

/** An error of the workflow about a document. */
export function unusable(detail: string, cause?: unknown): WorkflowError {
  return new WorkflowError({ type: 'configuration', title: 'Unusable document', detail, cause })
}
