/** Does `call: grpc`. */

import {
  Client,
  type ClientUnaryCall,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { GuardedHttp } from '../guarded-http.ts'
import { type ProblemKind, WorkflowError } from '../workflow-error.ts'
import type { AuthenticatedHttp } from './authentication.ts'
import {
  fieldsOf,
  invalid,
  isFields,
  type OutsideCall,
  optionalText,
  textOf,
} from './call-fields.ts'
import type { ExternalDocuments } from './external-documents.ts'
import { httpFailure } from './failures.ts'
import { messageOf, servicesIn, type UnaryMethod, unaryMethod } from './grpc-service.ts'
import type { HttpCallBounds } from './http-call.ts'

/** What calls by gRPC stand on. */
export interface GrpcOptions {
  /** Says which addresses may be called. */
  readonly guarded: GuardedHttp
  readonly http: AuthenticatedHttp
  readonly documents: ExternalDocuments
  readonly bounds: HttpCallBounds
}

/** The call, and what closes its connections. */
export interface GrpcCall {
  readonly call: OutsideCall
  stop(): void
}

/** Servers with connections; the one that was opened first goes first. */
const maxClients = 64

/**
 * `{proto, service: {name, host, port?, authentication?}, method, arguments?}`, for methods of one message each way. Over
 * TLS on port 443, which is the default, or with a certificate; else without. The step's key goes along as
 * `idempotency-key`, and `traceparent` where traces are kept.
 *
 * @see the language's reference, "gRPC Call"
 */
export function grpcCall({ guarded, http, documents, bounds }: GrpcOptions): GrpcCall {
  const clients = new Map<string, Client>()
  return {
    async call(input, { idempotencyKey, traceparent, signal }) {
      const fields = fieldsOf(input, 'call: grpc')
      const service = fieldsOf(fields.service, 'service')
      const read = { read: servicesIn, signal }
      const services = await documents.read(fields.proto, 'a proto file', read)
      const name = textOf(service, 'name', 'service')
      const method = unaryMethod(services, name, textOf(fields, 'method', 'call: grpc'))
      const message = messageOf(method, fieldsOf(fields.arguments, 'arguments'))
      const metadata = new Metadata()
      metadata.set('idempotency-key', idempotencyKey)
      if (traceparent !== undefined) metadata.set('traceparent', traceparent)
      const { authentication } = service
      const identity = isFields(authentication) ? authentication.certificate : undefined
      const secret =
        identity === undefined ? await http.authorization(authentication, signal) : undefined
      if (secret !== undefined) metadata.set('authorization', secret)
      const place = await placeOf(service, guarded)
      const client = clientFor(clients, { ...place, identity }, bounds)
      const deadline = Date.now() + bounds.timeoutMs
      const answer = await unary(client, method, { message, metadata, deadline, signal })
      return { kind: 'done', output: JSON.parse(JSON.stringify(answer)) as Json }
    },
    stop() {
      for (const client of clients.values()) client.close()
      clients.clear()
    },
  }
}

interface Place {
  readonly host: string
  readonly port: number
  /** A checked address, which is the one that is connected to. */
  readonly address: string
}

async function placeOf(
  service: { readonly [name: string]: Json },
  guarded: GuardedHttp,
): Promise<Place> {
  const host = textOf(service, 'host', 'service')
  const port = service.port === undefined ? 443 : Number(service.port)
  if (!Number.isInteger(port) || port < 1 || port > 65_535)
    throw invalid('the port of a service is 1 to 65535')
  if (!/^[a-zA-Z0-9.:_-]{1,253}$/.test(host))
    throw invalid('the host of a service is no name and no address')
  const address = await guarded.addressOf(host, port).catch((error) => {
    throw httpFailure(error)
  })
  return { host, port, address }
}

function clientFor(
  clients: Map<string, Client>,
  { host, port, address, identity }: Place & { readonly identity: Json | undefined },
  { maxAnswerBytes }: HttpCallBounds,
): Client {
  const key = JSON.stringify([host, port, address, identity ?? null])
  const known = clients.get(key)
  if (known !== undefined) return known
  const oldest = clients.size >= maxClients ? [...clients][0] : undefined
  if (oldest !== undefined) {
    oldest[1].close()
    clients.delete(oldest[0])
  }
  const target = address.includes(':') ? `ipv6:[${address}]:${port}` : `ipv4:${address}:${port}`
  const secure = port === 443 || identity !== undefined
  const client = new Client(target, secure ? tlsWith(identity) : credentials.createInsecure(), {
    ...{
      'grpc.default_authority': port === 443 ? host : `${host}:${port}`,
      'grpc.enable_http_proxy': 0,
    },
    ...(secure ? { 'grpc.ssl_target_name_override': host } : {}),
    ...{ 'grpc.max_receive_message_length': maxAnswerBytes, 'grpc.enable_retries': 0 },
    ...{ 'grpc.client_idle_timeout_ms': 60_000, 'grpc.use_local_subchannel_pool': 1 },
    'grpc.service_config_disable_resolution': 1,
  })
  clients.set(key, client)
  return client
}

function tlsWith(identity: Json | undefined) {
  if (identity === undefined) return credentials.createSsl()
  const fields = fieldsOf(identity, 'certificate')
  const [key, cert] = [textOf(fields, 'key', 'certificate'), textOf(fields, 'cert', 'certificate')]
  if (optionalText(fields, 'passphrase', 'certificate') !== undefined)
    throw invalid('a key with a passphrase cannot be used by gRPC')
  try {
    return credentials.createSsl(null, Buffer.from(key), Buffer.from(cert))
  } catch (cause) {
    const detail = 'certificate and key are no pair in PEM'
    throw new WorkflowError({ type: 'configuration', title: 'Unusable certificate', detail, cause })
  }
}

interface Asked {
  readonly message: object
  readonly metadata: Metadata
  readonly deadline: number
  readonly signal: AbortSignal
}

function unary(client: Client, method: UnaryMethod, asked: Asked): Promise<object> {
  const { message, metadata, deadline, signal } = asked
  const serialize = (value: object) => {
    try {
      return method.requestSerialize(value)
    } catch (cause) {
      throw invalid(
        `the arguments do not fit the method: ${(cause as Error).message.slice(0, 200)}`,
      )
    }
  }
  const outcome = Promise.withResolvers<object>()
  let call: ClientUnaryCall | undefined
  const cut = () => {
    const text = `the call of ${method.path} was interrupted`
    outcome.reject(new AppError({ code: 'workflow/grpc-cut', message: text, retry: 'later' }))
    call?.cancel()
  }
  if (signal.aborted) cut()
  else {
    serialize(message)
    signal.addEventListener('abort', cut, { once: true })
    const { path, responseDeserialize } = method
    const settings = [
      path,
      serialize,
      responseDeserialize,
      message,
      metadata,
      { deadline },
    ] as const
    call = client.makeUnaryRequest(...settings, (error, answer) => {
      signal.removeEventListener('abort', cut)
      if (error !== null) outcome.reject(grpcFailure(path, error))
      else outcome.resolve(answer ?? {})
    })
  }
  return outcome.promise
}

/** Statuses of gRPC as kinds, statuses of HTTP, and whether they may pass. @see google.rpc.Code */
const meanings: Readonly<Record<number, readonly [ProblemKind, number, boolean]>> = {
  [status.INVALID_ARGUMENT]: ['communication', 400, false],
  [status.FAILED_PRECONDITION]: ['communication', 400, false],
  [status.OUT_OF_RANGE]: ['communication', 400, false],
  [status.UNAUTHENTICATED]: ['authentication', 401, false],
  [status.PERMISSION_DENIED]: ['authorization', 403, false],
  [status.NOT_FOUND]: ['communication', 404, false],
  [status.ALREADY_EXISTS]: ['communication', 409, false],
  [status.ABORTED]: ['communication', 409, true],
  [status.RESOURCE_EXHAUSTED]: ['communication', 429, true],
  [status.UNIMPLEMENTED]: ['communication', 501, false],
  [status.UNAVAILABLE]: ['communication', 503, true],
  [status.DEADLINE_EXCEEDED]: ['timeout', 408, true],
}

function grpcFailure(path: string, { code, details }: ServiceError): WorkflowError {
  const [type, number, passing] = meanings[code] ?? ['communication', 500, false]
  // Said by this side of a message that is too large: the next one would be as large.
  const large = code === status.RESOURCE_EXHAUSTED && /larger than max/.test(details)
  return new WorkflowError({
    ...{ type, status: large ? 502 : number, title: `gRPC status ${status[code]}` },
    detail: `${path} failed: ${details.slice(0, 300)}`,
    retry: passing && !large ? 'later' : 'never',
  })
}
