/** Finds channel and server of an operation in an AsyncAPI document, 2.x or 3.x. */

import type { Json } from '../../base/json-rpc.ts'
import { type Fields, fieldsOf, invalid, isFields, optionalText, textOf } from './call-fields.ts'
import { unusable } from './external-documents.ts'

/** Where an operation takes place. */
export interface AsyncApiPlace {
  readonly protocol: string
  /** Address of the server with its scheme. */
  readonly server: string
  readonly channel: string
}

/** What a call says of it. */
export interface AsyncApiWish {
  readonly channel: string | undefined
  readonly operation: string | undefined
  readonly server: Fields
  readonly protocol: string | undefined
}

interface FoundChannel {
  readonly address: string
  /** Names of servers, all of them if none is named. */
  readonly servers: readonly string[]
}

/** The place of an operation. @throws WorkflowError `configuration`, `validation` */
export function asyncApiPlace(value: Json, uri: string, wish: AsyncApiWish): AsyncApiPlace {
  if (!isFields(value)) throw unusable(`${uri} is no AsyncAPI document`)
  const version = String(value.asyncapi)
  if (!/^[23]\.\d/.test(version)) throw unusable(`${uri} is no AsyncAPI document of version 2 or 3`)
  const found = version.startsWith('2')
    ? oldChannel(value, uri, wish)
    : newChannel(value, uri, wish)
  if (/\{[^{}]*\}/.test(found.address))
    throw unusable(`the channel "${found.address}" has parameters, which a call cannot give`)
  return { ...serverFor(value, uri, { wish, found }), channel: found.address }
}

function oldChannel(
  document: Fields,
  uri: string,
  { channel, operation }: AsyncApiWish,
): FoundChannel {
  const channels = fieldsOf(document.channels, 'channels')
  const name =
    channel ??
    Object.keys(channels).find((one) => {
      const { publish, subscribe } = fieldsOf(channels[one], 'a channel')
      return [publish, subscribe].some((of) => isFields(of) && of.operationId === operation)
    })
  const found = name === undefined ? undefined : channels[name]
  if (name === undefined || found === undefined)
    throw unusable(`${uri} has no channel "${channel ?? operation}"`)
  const { servers } = fieldsOf(found, 'a channel')
  return { address: name, servers: Array.isArray(servers) ? servers.map(String) : [] }
}

function newChannel(document: Fields, uri: string, wish: AsyncApiWish): FoundChannel {
  let name = wish.channel
  if (wish.operation !== undefined) {
    const operation = fieldsOf(document.operations, 'operations')[wish.operation]
    if (!isFields(operation)) throw unusable(`${uri} has no operation "${wish.operation}"`)
    name = referenced(operation.channel, '#/channels/', uri)
  }
  const channel = fieldsOf(document.channels, 'channels')[name ?? '']
  if (name === undefined || !isFields(channel)) throw unusable(`${uri} has no channel "${name}"`)
  const { address, servers } = channel
  return {
    address: typeof address === 'string' ? address : name,
    servers: Array.isArray(servers)
      ? servers.map((one: Json) => referenced(one, '#/servers/', uri))
      : [],
  }
}

function referenced(value: Json | undefined, under: string, uri: string): string {
  const reference = isFields(value) ? value.$ref : undefined
  if (typeof reference !== 'string' || !reference.startsWith(under))
    throw unusable(`${uri} refers to ${String(reference).slice(0, 200)} where ${under}… must stand`)
  return reference.slice(under.length).replaceAll('~1', '/').replaceAll('~0', '~')
}

function serverFor(
  document: Fields,
  uri: string,
  { wish, found }: { readonly wish: AsyncApiWish; readonly found: FoundChannel },
): Pick<AsyncApiPlace, 'protocol' | 'server'> {
  const servers = fieldsOf(document.servers, 'servers')
  const names = found.servers.length > 0 ? found.servers : Object.keys(servers)
  const wanted = optionalText(wish.server, 'name', 'server')
  const name =
    wanted ??
    names.find((one) => {
      const { protocol } = fieldsOf(servers[one], 'a server')
      return wish.protocol === undefined || protocol === wish.protocol
    })
  if (name === undefined || !isFields(servers[name]))
    throw unusable(
      `${uri} has no server ${wanted ? `"${wanted}"` : `of the protocol "${wish.protocol}"`}`,
    )
  const server = fieldsOf(servers[name], 'the server')
  const protocol = textOf(server, 'protocol', `the server "${name}"`)
  const given = fieldsOf(wish.server.variables, 'variables')
  const fill = (text: string) => filled(text, fieldsOf(server.variables, 'variables'), given)
  if (server.url !== undefined) {
    const url = fill(textOf(server, 'url', 'the server'))
    return { protocol, server: /^[a-z][a-z0-9+.-]*:\/\//i.test(url) ? url : `${protocol}://${url}` }
  }
  const host = fill(textOf(server, 'host', 'the server'))
  const path = fill(optionalText(server, 'pathname', 'the server') ?? '')
  return { protocol, server: `${protocol}://${host}${path}` }
}

function filled(text: string, known: Fields, given: Fields): string {
  return text.replace(/\{([^{}]*)\}/g, (_, name: string) => {
    const variable = fieldsOf(known[name], `the variable ${name}`)
    const value = optionalText(given, name, 'variables') ?? optionalText(variable, 'default', name)
    if (value === undefined) throw invalid(`the variable "${name}" of the server is missing`)
    const { enum: choices } = variable
    if (Array.isArray(choices) && !choices.includes(value))
      throw invalid(`the variable "${name}" of the server must be one of ${choices.join(', ')}`)
    return value
  })
}
