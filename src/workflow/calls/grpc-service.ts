/** Finds a method of a gRPC service in the text of a proto file. */

import { fromJSON, type MethodDefinition, type ServiceDefinition } from '@grpc/proto-loader'
import protobuf from 'protobufjs'
import type { Json } from '../../base/json-rpc.ts'
import { type Fields, invalid } from './call-fields.ts'
import { type ExternalDocument, unusable } from './external-documents.ts'

/** A method that takes one message and gives one. */
export type UnaryMethod = MethodDefinition<object, object>

const maxProtoLength = 1024 * 1024
/** Names of fields stay as they are written; 64-bit integers are decimal texts, bytes base64, enums their names. */
const conversion = {
  keepCase: true,
  longs: String,
  enums: String,
  bytes: String,
  defaults: true,
} as const

/**
 * The services of a proto file, by whole names. Of imports only Google's well-known types are there.
 *
 * @throws WorkflowError `configuration`
 */
export function servicesIn({
  uri,
  text,
}: ExternalDocument): ReadonlyMap<string, ServiceDefinition> {
  if (text.length > maxProtoLength) throw unusable(`${uri} has over ${maxProtoLength} characters`)
  const root = new protobuf.Root()
  try {
    const parsed = protobuf.parse(text, root, { keepCase: true })
    for (const name of [...(parsed.imports ?? []), ...(parsed.weakImports ?? [])]) {
      const known = protobuf.common.get(name)
      if (known === null) throw unusable(`${uri} imports ${name}; only google/protobuf/… is known`)
      root.addJSON(known.nested ?? {})
    }
    const all = fromJSON(root.toJSON(), conversion)
    return new Map(
      Object.entries(all).filter(
        (entry): entry is [string, ServiceDefinition] => !('format' in entry[1]),
      ),
    )
  } catch (cause) {
    if ((cause as { code?: string }).code === 'workflow/configuration') throw cause
    throw unusable(`${uri} is no proto file: ${(cause as Error).message.slice(0, 200)}`, cause)
  }
}

/** One method. @throws WorkflowError `configuration` for one that is not there, or that streams */
export function unaryMethod(
  services: ReadonlyMap<string, ServiceDefinition>,
  service: string,
  method: string,
): UnaryMethod {
  const found =
    services.get(service) ?? [...services].find(([name]) => name.endsWith(`.${service}`))?.[1]
  if (found === undefined)
    throw unusable(
      `there is no service "${service}"; there are: ${[...services.keys()].join(', ')}`,
    )
  const definition = Object.entries(found).find(
    ([name]) => name.toLowerCase() === method.toLowerCase(),
  )?.[1]
  if (definition === undefined)
    throw unusable(
      `"${service}" has no method "${method}"; it has: ${Object.keys(found).join(', ')}`,
    )
  if (definition.requestStream || definition.responseStream)
    throw unusable(`"${method}" streams; a call can only take one message and give one`)
  return definition
}

interface MessageDescriptor {
  readonly field?: readonly { readonly name?: string; readonly jsonName?: string }[]
}

/** Arguments under the names of the file; a name in lowerCamelCase stands for its field. */
export function messageOf({ requestType }: UnaryMethod, given: Fields): Fields {
  const { field = [] } = requestType.type as MessageDescriptor
  const names = field.map(({ name = '' }) => name)
  return Object.fromEntries(
    Object.entries(given).map(([name, value]): [string, Json] => {
      const known = names.find((one) => one === name || camelCase(one) === name)
      if (known === undefined)
        throw invalid(`the method has no argument "${name}"; it has: ${names.join(', ') || 'none'}`)
      return [known, value]
    }),
  )
}

function camelCase(name: string): string {
  return name.replace(/_+([a-zA-Z0-9])/g, (_, letter: string) => letter.toUpperCase())
}
