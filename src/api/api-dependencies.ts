/** Describes what the API shows, as it gets it from the rooms below. */

import type { Hex } from '../base/bytes.ts'
import type { Clock } from '../base/clock.ts'
import type { JsonRpcClient } from '../base/json-rpc.ts'
import type { Logger } from '../base/logger.ts'
import type { ProjectionDesk } from '../projection/projection.ts'
import type { Notifications } from '../services/notification.ts'
import type { ProcessDesk } from '../services/process-register.ts'
import type { Records } from '../services/records.ts'
import type { SinkDesk } from '../services/sink.ts'
import type { Queue } from '../stream/queue.ts'
import type { EventStore, Listener } from '../stream/stream.ts'
import type { ContractDesk } from '../workflow/contract-desk.ts'
import type { DefinitionDesk } from '../workflow/definition-desk.ts'
import type { EventIntake } from '../workflow/event-intake.ts'
import type { FunctionRegistry } from '../workflow/function-registry.ts'
import type { InstanceArchive } from '../workflow/instance-archive.ts'
import type { WorkflowEngine } from '../workflow/workflow.ts'

/** One chain that this process works on. */
export interface ApiChain {
  readonly name: string
  readonly chainId: number
  readonly embedded: boolean
  readonly client: JsonRpcClient
  /** Answers a JSON-RPC body; nothing for notifications alone. */
  readonly answer: (body: string) => Promise<string | undefined>
  readonly contracts: Readonly<Record<string, Hex>>
  /** Development accounts that the node signs for. */
  readonly accounts: readonly Hex[]
}

/** The JSON-RPC of all chains of this process. */
export interface ProcessChains {
  /** Of the chain that the process stands on, which also answers for the set of them. */
  readonly client: JsonRpcClient
  /** Of a chain that runs. */
  chain(name: string): Pick<ApiChain, 'client' | 'answer'>
}

/** One answer to "is it ready". */
export interface ReadinessCheck {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
}

/** Where and how the API listens. */
export interface ApiOptions {
  readonly host: string
  /** 0 takes any free one. */
  readonly port: number
  readonly version: string
  readonly dev: boolean
  /** The built console; without it a page says how to build it. */
  readonly uiFolder: string
  /** Open streams of server-sent events; default 200. */
  readonly maxStreams?: number
  /** Open streams of whole chains; default 16. */
  readonly maxChainStreams?: number
  /** Answers only whether the process lives and is ready, and its measures. */
  readonly healthOnly?: boolean
  /** Serves the routes of the first chain's data under their bare names, too. */
  readonly classicRoutes?: boolean
}

/** What the API shows of a queue, and has it do. */
type QueueDesk = Pick<Queue, 'status' | 'keys' | 'deadLetters' | 'requeue' | 'purge'>

/** What the API needs of the other rooms. */
export interface ApiDependencies {
  /** Those that the node was started for. */
  readonly chains: readonly ApiChain[]
  /** Absent where the node works on a foreign chain. */
  readonly process: ProcessChains | undefined
  readonly events: EventStore
  readonly engine: WorkflowEngine
  readonly definitions: DefinitionDesk
  readonly intake: EventIntake
  readonly notifications: Notifications
  readonly records: Pick<Records, 'list'>
  readonly archive: Pick<InstanceArchive, 'list' | 'get'>
  readonly sinks: SinkDesk
  readonly processes: ProcessDesk
  readonly projections: ProjectionDesk
  readonly queue: QueueDesk | undefined
  readonly contracts: ContractDesk
  readonly functions: FunctionRegistry
  readonly listeners: () => readonly Pick<Listener, 'status' | 'alarms' | 'acknowledge'>[]
  readonly senders: () => readonly {
    readonly chain: string
    readonly address: string | null
    readonly problem: string | null
  }[]
  readonly checks: () => Promise<readonly ReadinessCheck[]>
  readonly metricsText: () => Promise<string>
  readonly clock: Clock
  readonly logger: Logger
}
