/** Finds an operation in an OpenAPI document, 2.0 or 3.x, and gives it in one form. */

import type { Json } from '../../base/json-rpc.ts'
import { type Fields, fieldsOf, isFields } from './call-fields.ts'
import { unusable } from './external-documents.ts'

/** Where a parameter goes. */
export type ParameterPlace = 'path' | 'query' | 'header' | 'cookie'

/** A parameter, and how its values are written. */
export interface ApiParameter {
  readonly name: string
  readonly place: ParameterPlace
  readonly required: boolean
  /** Of OpenAPI 3: simple, label, matrix, form, spaceDelimited, pipeDelimited, deepObject; `tabDelimited` is of 2.0. */
  readonly style: string
  readonly explode: boolean
  /** Whether reserved characters stay as they are. */
  readonly reserved: boolean
  /** It is written as JSON. */
  readonly json: boolean
}

/** What a body may be. */
export interface ApiBody {
  readonly required: boolean
  /** Media types in the document's order. */
  readonly types: readonly string[]
  /** Name under which the whole body is given: `body`, in 2.0 the parameter's own too. */
  readonly names: readonly string[]
  /** Fields of a form in 2.0; undefined where any field may come. */
  readonly fields: readonly string[] | undefined
}

/** An operation. */
export interface ApiOperation {
  readonly method: string
  /** Address of the server, without a slash at its end. */
  readonly server: string
  /** With `{name}` for parameters. */
  readonly path: string
  readonly parameters: readonly ApiParameter[]
  readonly body: ApiBody | undefined
  /** Media types of answers. */
  readonly answers: readonly string[]
}

const methods = ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] as const
/** Longest way from reference to reference. */
const maxReferences = 32

/**
 * An operation by its id.
 *
 * @param uri - where the document came from; servers may be relative to it
 * @throws WorkflowError `configuration`
 */
export function apiOperation(value: Json, uri: string, operationId: string): ApiOperation {
  const document = new ApiDocument(value, uri)
  for (const [path, entry] of Object.entries(document.fields('paths'))) {
    const item = document.resolved(entry)
    for (const method of methods) {
      const operation = document.resolved(item[method] ?? null)
      if (operation.operationId === operationId)
        return document.isOld
          ? oldOperation(document, { path, method, item, operation })
          : newOperation(document, { path, method, item, operation })
    }
  }
  throw unusable(`${uri} has no operation "${operationId}"`)
}

interface Found {
  readonly path: string
  readonly method: string
  readonly item: Fields
  readonly operation: Fields
}

class ApiDocument {
  readonly uri: string
  readonly isOld: boolean
  readonly #root: Fields

  constructor(value: Json, uri: string) {
    if (!isFields(value)) throw unusable(`${uri} is no OpenAPI document`)
    const old = value.swagger === '2.0'
    if (!old && !/^3\.\d/.test(String(value.openapi)))
      throw unusable(`${uri} is no OpenAPI document of version 2.0 or 3`)
    this.uri = uri
    this.isOld = old
    this.#root = value
  }

  /** A member of the document that is an object. */
  fields(name: string): Fields {
    return fieldsOf(this.#root[name], name)
  }

  member(name: string): Json | undefined {
    return this.#root[name]
  }

  /** What a value is, after references within the document. */
  resolved(value: Json): Fields {
    let found: Json = value
    for (let hop = 0; hop < maxReferences; hop += 1) {
      if (!isFields(found)) return {}
      const { $ref: reference } = found
      if (typeof reference !== 'string') return found
      found = this.#at(reference)
    }
    throw unusable(`${this.uri} has references in a circle, or over ${maxReferences} in a row`)
  }

  #at(reference: string): Json {
    if (!reference.startsWith('#/'))
      throw unusable(
        `${this.uri} refers to ${reference.slice(0, 200)}; only parts of the document itself are known`,
      )
    let found: Json = this.#root
    for (const part of reference.slice(2).split('/')) {
      const key = pointerPart(part)
      if (typeof found !== 'object' || found === null || !Object.hasOwn(found, key))
        throw unusable(`${this.uri} refers to ${reference.slice(0, 200)}, which it lacks`)
      found = (found as Fields)[key] as Json
    }
    return found
  }
}

/** A member's name in a JSON pointer that stands in a URI (RFC 6901, 6). */
function pointerPart(part: string): string {
  const plain = part.replaceAll(/(%[0-9a-fA-F]{2})+/g, (bytes) =>
    Buffer.from(bytes.replaceAll('%', ''), 'hex').toString('utf8'),
  )
  return plain.replaceAll('~1', '/').replaceAll('~0', '~')
}

/** Parameters of path and operation; those of the operation replace their like. */
function parametersOf(document: ApiDocument, { item, operation }: Found): readonly Fields[] {
  const all = new Map<string, Fields>()
  for (const list of [item.parameters, operation.parameters])
    for (const entry of Array.isArray(list) ? list : []) {
      const parameter = document.resolved(entry)
      all.set(`${String(parameter.in)} ${String(parameter.name)}`, parameter)
    }
  return [...all.values()]
}

function newOperation(document: ApiDocument, found: Found): ApiOperation {
  const { operation, item, path, method } = found
  const request = document.resolved(operation.requestBody ?? null)
  const types = Object.keys(fieldsOf(request.content, 'content'))
  const servers = [operation.servers, item.servers, document.member('servers')].find(
    (list) => Array.isArray(list) && list.length > 0,
  )
  return {
    ...{ method: method.toUpperCase(), path, server: serverOf(document, servers) },
    parameters: parametersOf(document, found).map((parameter) => {
      const place = parameter.in as ParameterPlace
      const style = textOr(
        parameter.style,
        place === 'query' || place === 'cookie' ? 'form' : 'simple',
      )
      return {
        ...{ name: String(parameter.name), place, style },
        required: parameter.required === true,
        explode: typeof parameter.explode === 'boolean' ? parameter.explode : style === 'form',
        reserved: parameter.allowReserved === true,
        json: parameter.schema === undefined && parameter.content !== undefined,
      }
    }),
    body:
      types.length === 0
        ? undefined
        : { required: request.required === true, types, names: ['body'], fields: undefined },
    answers: answersOf(document, operation, ({ content }) =>
      Object.keys(fieldsOf(content, 'content')),
    ),
  }
}

function serverOf(document: ApiDocument, servers: Json | undefined): string {
  const [first] = Array.isArray(servers) ? servers : []
  const { url = '/', variables } = fieldsOf(first, 'servers')
  const known = fieldsOf(variables, 'variables of the server')
  const text = String(url).replace(/\{([^{}]*)\}/g, (_, name: string) =>
    String(fieldsOf(known[name], `the variable ${name}`).default ?? ''),
  )
  if (!URL.canParse(text, document.uri)) throw unusable(`${document.uri} names no usable server`)
  return new URL(text, document.uri).href.replace(/\/$/, '')
}

/** Formats of lists in 2.0, as styles. */
const listFormats: Readonly<Record<string, readonly [string, boolean]>> = {
  csv: ['form', false],
  ssv: ['spaceDelimited', false],
  tsv: ['tabDelimited', false],
  pipes: ['pipeDelimited', false],
  multi: ['form', true],
}

function oldOperation(document: ApiDocument, found: Found): ApiOperation {
  const { operation, path, method } = found
  const all = parametersOf(document, found)
  const consumes = textList(operation.consumes ?? document.member('consumes'))
  const body = all.find((parameter) => parameter.in === 'body')
  const form = all.filter((parameter) => parameter.in === 'formData')
  return {
    ...{ method: method.toUpperCase(), path, server: oldServer(document, operation) },
    parameters: all
      .filter((parameter) => ['path', 'query', 'header'].includes(String(parameter.in)))
      .map((parameter) => {
        const place = parameter.in as ParameterPlace
        const [style, explode] = listFormats[textOr(parameter.collectionFormat, 'csv')] ?? []
        return {
          ...{ name: String(parameter.name), place, explode: explode ?? false },
          style: place === 'query' || style !== 'form' ? (style ?? 'form') : 'simple',
          ...{ required: parameter.required === true, reserved: false, json: false },
        }
      }),
    body: oldBody({ body, form, consumes }),
    answers: textList(operation.produces ?? document.member('produces')),
  }
}

function oldBody(found: {
  readonly body: Fields | undefined
  readonly form: readonly Fields[]
  readonly consumes: readonly string[]
}): ApiBody | undefined {
  const { body, form, consumes } = found
  if (body !== undefined) {
    const types = consumes.length > 0 ? consumes : ['application/json']
    const names = ['body', String(body.name)]
    return { required: body.required === true, types, names, fields: undefined }
  }
  if (form.length === 0) return undefined
  const forms = consumes.filter((type) => /form/.test(type))
  const multipart = form.some(({ type }) => type === 'file')
  const usual = multipart ? 'multipart/form-data' : 'application/x-www-form-urlencoded'
  return {
    required: form.some(({ required }) => required === true),
    types: forms.length > 0 && !multipart ? forms : [usual],
    names: ['body'],
    fields: form.map(({ name }) => String(name)),
  }
}

function oldServer(document: ApiDocument, operation: Fields): string {
  const from = URL.canParse(document.uri) ? new URL(document.uri) : undefined
  const schemes = textList(operation.schemes ?? document.member('schemes'))
  const own = from?.protocol.replace(':', '')
  const scheme = schemes.includes('https') || schemes.length === 0 ? 'https' : schemes[0]
  const chosen = schemes.length === 0 && own !== undefined && own !== 'file' ? own : scheme
  const host = textOr(document.member('host'), from?.host ?? '')
  const base = textOr(document.member('basePath'), '')
  const text = `${chosen}://${host}${base}`
  if (host === '' || !URL.canParse(text)) throw unusable(`${document.uri} names no usable host`)
  return new URL(text).href.replace(/\/$/, '')
}

function answersOf(
  document: ApiDocument,
  operation: Fields,
  typesOf: (answer: Fields) => readonly string[],
): readonly string[] {
  const answers = Object.entries(fieldsOf(operation.responses, 'responses'))
  const good = answers.filter(([status]) => /^(2|default)/.test(status))
  return [...new Set(good.flatMap(([, answer]) => typesOf(document.resolved(answer))))]
}

function textOr(value: Json | undefined, otherwise: string): string {
  return typeof value === 'string' ? value : otherwise
}

function textList(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.map(String) : []
}
