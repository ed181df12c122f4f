/** Gives the steps of the workflow language that reach outside. */

import { a2aCall } from './calls/a2a-call.ts'
import { asyncapiCall } from './calls/asyncapi-call.ts'
import { createAuthenticatedHttp } from './calls/authentication.ts'
import type { OutsideCall } from './calls/call-fields.ts'
import { containerCall } from './calls/container-call.ts'
import { createExternalDocuments, documentValue } from './calls/external-documents.ts'
import { grpcCall } from './calls/grpc-call.ts'
import { httpCall } from './calls/http-call.ts'
import { mcpCall } from './calls/mcp-call.ts'
import { openapiCall } from './calls/openapi-call.ts'
import { createProcesses } from './calls/processes.ts'
import { scriptCall } from './calls/script-call.ts'
import { shellCall } from './calls/shell-call.ts'
import type { GuardedHttp } from './guarded-http.ts'
import type { MessageClients } from './message-clients.ts'
import type { PartReader } from './whole-definition.ts'

/** What calls stand on, and what they may do. */
export interface OutsideCallOptions {
  readonly http: GuardedHttp
  /** Clients of message servers; without them `asyncapi` knows only HTTP. */
  readonly messages?: MessageClients | undefined
  /** Files of `file:` addresses lie below this folder; without it there are none. */
  readonly folder?: string | undefined
  /** Longest question by HTTP and gRPC; default 30,000. */
  readonly timeoutMs?: number
  /** Longest question to an agent; default 300,000. */
  readonly agentTimeoutMs?: number
  /** Largest answer by HTTP and gRPC; default 1 MiB. */
  readonly maxAnswerBytes?: number
  /** Whether `run.shell`, and programs that serve MCP, are there. */
  readonly allowShell?: boolean
  /** Program that runs scripts in Python; without it there are none. */
  readonly python?: string | undefined
  /** Command of a container engine, such as `podman`; without it there are no containers. */
  readonly containerEngine?: string | undefined
  readonly processes?: {
    /** Default 60,000. */
    readonly timeoutMs?: number
    /** Of stdout and of stderr; default 256 KiB. */
    readonly maxOutputBytes?: number
    /** Of a script in JavaScript; default 64. */
    readonly memoryMb?: number
  }
}

/** Names of the calls in the language. */
export const callNames = [
  ...(['http', 'openapi', 'grpc', 'asyncapi', 'a2a', 'mcp'] as const),
  ...(['run.script', 'run.shell', 'run.container'] as const),
] as const

/** The calls, and what ends what they started. */
export interface OutsideCalls {
  /** By name; each fails with a WorkflowError, or is interrupted by its signal. */
  readonly functions: Readonly<Record<(typeof callNames)[number], OutsideCall>>
  /** Gets what definitions name elsewhere. */
  readonly readPart: PartReader
  /** Ends all programs that still run, and closes connections. */
  stop(): Promise<void>
}

/** The calls that need nothing but this machine and a network. */
export function outsideCalls(options: OutsideCallOptions): OutsideCalls {
  const nowMs = Date.now
  const http = createAuthenticatedHttp(options.http, nowMs)
  const documents = createExternalDocuments({ http, folder: options.folder, nowMs })
  const bounds = {
    timeoutMs: options.timeoutMs ?? 30_000,
    maxAnswerBytes: options.maxAnswerBytes ?? 1024 * 1024,
  }
  const processes = createProcesses({
    timeoutMs: options.processes?.timeoutMs ?? 60_000,
    maxOutputBytes: options.processes?.maxOutputBytes ?? 256 * 1024,
  })
  const memoryMb = options.processes?.memoryMb ?? 64
  const { maxAnswerBytes } = bounds
  const agents = { timeoutMs: options.agentTimeoutMs ?? 300_000, maxAnswerBytes }
  const grpc = grpcCall({ guarded: options.http, http, documents, bounds })
  const { python, containerEngine: engine, allowShell = false } = options
  return {
    functions: {
      http: httpCall(http, bounds),
      openapi: openapiCall({ http, documents }, bounds),
      grpc: grpc.call,
      asyncapi: asyncapiCall({ http, documents, messages: options.messages, bounds }),
      a2a: a2aCall({ http, documents, ...agents }),
      mcp: mcpCall({ http, processes, allowShell, maxAnswerBytes }),
      'run.script': scriptCall({ processes, documents, python, memoryMb }),
      'run.shell': shellCall({ processes, allowed: allowShell }),
      'run.container': containerCall({ processes, engine }),
    },
    readPart: (endpoint, kind) => {
      const signal = AbortSignal.timeout(bounds.timeoutMs)
      return documents.read({ endpoint }, kind, { read: documentValue, signal })
    },
    async stop() {
      grpc.stop()
      await processes.stop()
    },
  }
}
