/** Writes the parameters of an OpenAPI operation into address and headers, by their styles. */

import type { Json } from '../../base/json-rpc.ts'
import { type Fields, invalid, isFields } from './call-fields.ts'
import type { ApiOperation, ApiParameter } from './openapi-document.ts'

/** What parameters make of a request. */
export interface WrittenParameters {
  /** Path and query, to be put behind the server's address. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
}

/** Between the members of a list. */
const joints: Readonly<Record<string, string>> = {
  ...{ form: ',', simple: ',', label: ',', matrix: ',' },
  ...{ spaceDelimited: '%20', tabDelimited: '%09', pipeDelimited: '%7C' },
}

/**
 * Writes parameters.
 *
 * @throws WorkflowError `validation` for one that is missing
 * @see OpenAPI 3.1, "Style Values" and "Style Examples"
 */
export function writeParameters(
  { path, parameters }: Pick<ApiOperation, 'path' | 'parameters'>,
  given: Fields,
): WrittenParameters {
  let written = path
  const query: string[] = []
  const headers: Record<string, string> = {}
  const cookies: string[] = []
  for (const parameter of parameters) {
    const { name, place } = parameter
    const value = given[name]
    if (value === undefined || value === null) {
      if (parameter.required || place === 'path')
        throw invalid(`the parameter "${name}" is missing`)
      continue
    }
    if (place === 'path') written = written.replaceAll(`{${name}}`, () => inPath(parameter, value))
    else if (place === 'query') query.push(...inQuery(parameter, value))
    else if (place === 'header') headers[name.toLowerCase()] = plain(parameter, value)
    else cookies.push(...inQuery(parameter, value))
  }
  if (cookies.length > 0) headers.cookie = cookies.join('; ')
  return { path: query.length === 0 ? written : `${written}?${query.join('&')}`, headers }
}

function inPath(parameter: ApiParameter, value: Json): string {
  const { name, style, explode } = parameter
  if (parameter.json) return encoded(JSON.stringify(value))
  const key = encoded(name)
  if (style === 'matrix') {
    if (explode && isFields(value))
      return pairsOf(value)
        .map((pair) => `;${pair.join('=')}`)
        .join('')
    if (explode && Array.isArray(value)) return value.map((one) => `;${key}=${text(one)}`).join('')
    return `;${key}=${flat(value, ',', text)}`
  }
  if (style === 'label') {
    if (!explode) return `.${flat(value, ',', text)}`
    return isFields(value)
      ? pairsOf(value)
          .map((pair) => `.${pair.join('=')}`)
          .join('')
      : `.${flat(value, '.', text)}`
  }
  const written =
    explode && isFields(value)
      ? pairsOf(value)
          .map((pair) => pair.join('='))
          .join(',')
      : flat(value, joints[style] ?? ',', text)
  // A path without this part, or one that climbs, would be another operation.
  if (written === '' || written === '.' || written === '..')
    throw invalid(`the parameter "${name}" of the path cannot be "${written}"`)
  return written
}

function inQuery(parameter: ApiParameter, value: Json): readonly string[] {
  const { name, style, explode, reserved } = parameter
  const key = encoded(name)
  const write = reserved ? reservedText : text
  if (parameter.json) return [`${key}=${encoded(JSON.stringify(value))}`]
  if (style === 'deepObject') {
    if (!isFields(value)) throw invalid(`the parameter "${name}" must be an object`)
    return Object.entries(value).map(([member, one]) => `${key}[${encoded(member)}]=${write(one)}`)
  }
  if (explode && Array.isArray(value)) return value.map((one) => `${key}=${write(one)}`)
  if (explode && isFields(value))
    return Object.entries(value).map(([member, one]) => `${encoded(member)}=${write(one)}`)
  return [`${key}=${flat(value, joints[style] ?? ',', write)}`]
}

/** A header's value is not percent-encoded. */
function plain({ explode, json }: ApiParameter, value: Json): string {
  if (json) return JSON.stringify(value)
  const write = (one: Json) => (typeof one === 'object' ? JSON.stringify(one) : String(one))
  if (explode && isFields(value))
    return Object.entries(value)
      .map(([name, one]) => `${name}=${write(one)}`)
      .join(',')
  return flat(value, ',', write)
}

/** A list's members, an object's names and members, or the value. */
function flat(value: Json, joint: string, write: (one: Json) => string): string {
  if (Array.isArray(value)) return value.map(write).join(joint)
  if (isFields(value))
    return Object.entries(value)
      .flat()
      .map((one) => write(one as Json))
      .join(joint)
  return write(value)
}

function pairsOf(value: Fields): readonly (readonly [string, string])[] {
  return Object.entries(value).map(([name, one]) => [encoded(name), text(one)])
}

function text(value: Json): string {
  return encoded(typeof value === 'object' ? JSON.stringify(value) : String(value))
}

/** `:/?#[]@!$&'()*+,;=` stay, but what would end the value or the query. */
function reservedText(value: Json): string {
  return encodeURI(typeof value === 'object' ? JSON.stringify(value) : String(value)).replace(
    /[#&[\]+]/g,
    (one) => encodeURIComponent(one),
  )
}

/** RFC 3986: only what is unreserved stays. */
function encoded(value: string): string {
  return encodeURIComponent(value.toWellFormed()).replace(
    /[!'()*]/g,
    (one) => `%${one.charCodeAt(0).toString(16).toUpperCase()}`,
  )
}
