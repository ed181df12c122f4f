/** Describes the service grpc.health.v1.Health as protocol buffers, without a code generator. */

import { create, createFileRegistry, type Message } from '@bufbuild/protobuf'
import type { GenMessage, GenService } from '@bufbuild/protobuf/codegenv2'
import {
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt'

const scope = 'grpc.health.v1'

/** Whether a service does its work. */
export const servingStatus = { unknown: 0, serving: 1, notServing: 2, serviceUnknown: 3 } as const
/** One of these. */
export type ServingStatus = (typeof servingStatus)[keyof typeof servingStatus]

/** Names a service; the empty name is the whole node. */
type Question = Message<`${typeof scope}.HealthCheckRequest`> & { service: string }
/** How it does. */
type Answer = Message<`${typeof scope}.HealthCheckResponse`> & { status: ServingStatus }

/** The two calls of the service. */
type HealthMethods = {
  readonly check: {
    readonly methodKind: 'unary'
    readonly input: GenMessage<Question>
    readonly output: GenMessage<Answer>
  }
  readonly watch: {
    readonly methodKind: 'server_streaming'
    readonly input: GenMessage<Question>
    readonly output: GenMessage<Answer>
  }
}

const [input, output] = [`.${scope}.HealthCheckRequest`, `.${scope}.HealthCheckResponse`]
const field = { number: 1, label: Label.OPTIONAL }
const numbers = ['UNKNOWN', 'SERVING', 'NOT_SERVING', 'SERVICE_UNKNOWN']

const file = create(FileDescriptorProtoSchema, {
  ...{ name: 'grpc/health/v1/health.proto', package: scope, syntax: 'proto3' },
  messageType: [
    {
      name: 'HealthCheckRequest',
      field: [{ ...field, name: 'service', jsonName: 'service', type: Type.STRING }],
    },
    {
      name: 'HealthCheckResponse',
      field: [
        {
          ...{ ...field, name: 'status', jsonName: 'status', type: Type.ENUM },
          typeName: `${output}.ServingStatus`,
        },
      ],
      enumType: [
        { name: 'ServingStatus', value: numbers.map((name, number) => ({ name, number })) },
      ],
    },
  ],
  service: [
    {
      name: 'Health',
      method: [
        { name: 'Check', inputType: input, outputType: output },
        { name: 'Watch', inputType: input, outputType: output, serverStreaming: true },
      ],
    },
  ],
})

/** The service grpc.health.v1.Health. */
export const healthService = createFileRegistry(file, () => undefined).getService(
  `${scope}.Health`,
) as GenService<HealthMethods>
