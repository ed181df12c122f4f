/** Does `call: mcp`. */

import type { Json } from '../../base/json-rpc.ts'
import { durationMs } from '../language/durations.ts'
import type { AuthenticatedHttp } from './authentication.ts'
import {
  type CallContext,
  type Fields,
  fieldsOf,
  invalid,
  type OutsideCall,
  optionalText,
  textOf,
  wordOf,
} from './call-fields.ts'
import { mcpOverHttp } from './mcp-http.ts'
import { type McpTalk, mcpVersions } from './mcp-messages.ts'
import { mcpOverStdio } from './mcp-stdio.ts'
import type { Processes } from './processes.ts'

/** What calls of servers of the Model Context Protocol stand on. */
export interface McpOptions {
  readonly http: AuthenticatedHttp
  readonly processes: Processes
  /** Whether a program may be started. */
  readonly allowShell: boolean
  readonly maxAnswerBytes: number
}

/** From the beginning of a session to its answer unless the call says otherwise, and at most. */
const [defaultTimeoutMs, maxTimeoutMs] = [60_000, 540_000]

const ownClient = { name: 'quantumstream', version: '0.1.0' }

/**
 * `{method, parameters?, transport: {http | stdio}, protocolVersion?, timeout?, client?}`; gives the result of the method, also
 * that of a tool that failed. Each call is a session of its own.
 *
 * @see the language's reference, "MCP Call"
 * @see the Model Context Protocol, 2025-06-18, "Lifecycle" and "Transports"
 */
export function mcpCall({ http, processes, allowShell, maxAnswerBytes }: McpOptions): OutsideCall {
  return async (input, context) => {
    const fields = fieldsOf(input, 'call: mcp')
    const transport = fieldsOf(fields.transport, 'transport')
    const talk = talkOf(fields, context)
    const { http: overHttp, stdio } = transport
    if ((overHttp === undefined) === (stdio === undefined))
      throw invalid('the transport of call: mcp is either "http" or "stdio"')
    const output =
      stdio === undefined
        ? await mcpOverHttp(fieldsOf(overHttp, 'http'), talk, { http, maxBytes: maxAnswerBytes })
        : await mcpOverStdio(fieldsOf(stdio, 'stdio'), talk, { processes, allowed: allowShell })
    return { kind: 'done', output }
  }
}

function talkOf(fields: Fields, context: CallContext): McpTalk {
  const { parameters } = fields
  return {
    method: textOf(fields, 'method', 'call: mcp'),
    parameters: parameters === undefined ? undefined : fieldsOf(parameters, 'parameters'),
    version: wordOf(fields.protocolVersion, mcpVersions, '"protocolVersion" of MCP'),
    client: clientOf(fields.client),
    timeoutMs: timeoutOf(fields.timeout),
    context,
  }
}

function timeoutOf(timeout: Json | undefined): number {
  if (timeout === undefined || timeout === null) return defaultTimeoutMs
  const ms = durationMs(timeout)
  if (ms === undefined || ms <= 0) throw invalid('"timeout" of call: mcp is no duration')
  return Math.min(ms, maxTimeoutMs)
}

function clientOf(value: Json | undefined): Fields {
  if (value === undefined || value === null) return ownClient
  const client = fieldsOf(value, 'client')
  const description = optionalText(client, 'description', 'client')
  return {
    name: textOf(client, 'name', 'client'),
    version: textOf(client, 'version', 'client'),
    ...(description === undefined ? {} : { description }),
  }
}
