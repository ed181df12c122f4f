/** Builds the event wing over a chain: listener, workflow engine, functions, sender and services. */

import { allocationTokenAbi } from '../abi/allocation-token.gen.ts'
import { depositVaultAbi } from '../abi/deposit-vault.gen.ts'
import { streamAnchorAbi } from '../abi/stream-anchor.gen.ts'
import type { Hex } from '../base/bytes.ts'
import { systemClock, systemTimer } from '../base/clock.ts'
import type { Json } from '../base/json-rpc.ts'
import { projectionMigrations } from '../projection/projection-schema.ts'
import type { Projections } from '../projection/projections.ts'
import type { Notifications } from '../services/notification.ts'
import { type ProcessDesk, processMigrations } from '../services/process-register.ts'
import { createRecords, type Records } from '../services/records.ts'
import { servicesMigrations } from '../services/services-schema.ts'
import type { Sinks } from '../services/sinks.ts'
import { archiveMigrations } from '../store/archive.ts'
import { leaseMigrations } from '../store/lease.ts'
import type { Migration, SqlStore } from '../store/sql.ts'
import { createEventStore, streamMigrations } from '../stream/event-store.ts'
import { createEventTail } from '../stream/event-tail.ts'
import { queueMigrations } from '../stream/open-queue.ts'
import type { Queue } from '../stream/queue.ts'
import type { StandbyListener } from '../stream/standby-listener.ts'
import type { EventStore } from '../stream/stream.ts'
import { type ContractBook, createContractBook } from '../workflow/contract-book.ts'
import { type ContractDesk, createContractDesk } from '../workflow/contract-desk.ts'
import type { DefinitionDesk } from '../workflow/definition-desk.ts'
import type { RunnableWorkflow } from '../workflow/durable-context.ts'
import { workflowMigrations } from '../workflow/engine.ts'
import type { EventIntake } from '../workflow/event-intake.ts'
import { evmFunctions } from '../workflow/evm-functions.ts'
import type { FunctionRegistry } from '../workflow/function-registry.ts'
import { functionInvoke } from '../workflow/functions.ts'
import { functionMigrations } from '../workflow/functions-schema.ts'
import { createGuardedHttp } from '../workflow/guarded-http.ts'
import type { InstanceArchive } from '../workflow/instance-archive.ts'
import type { DeployingLanguage } from '../workflow/whole-definition.ts'
import type { WorkflowEngine } from '../workflow/workflow.ts'
import { allowedHosts } from './allowed-hosts.ts'
import { startArchive } from './archive-wiring.ts'
import { chainListener } from './chain-listener.ts'
import type { SourceChain } from './chain-server.ts'
import type { Composition } from './composition.ts'
import { listenForWorkflows, takingFor } from './definition-wiring.ts'
import { openEngine } from './engine-wiring.ts'
import { openEventDatabase } from './event-database.ts'
import { startEventQueue, wakeQueue } from './event-queue.ts'
import { openFunctions } from './function-providers.ts'
import { configuredNotifications, wakeNotifications } from './notification-wiring.ts'
import { outsideSteps } from './outside-steps.ts'
import { enterProcess } from './process-wiring.ts'
import { flagshipFolder } from './program-folder.ts'
import { preparedProjections, withProjections } from './projection-wiring.ts'
import { type Roles, rolesOf } from './roles.ts'
import { configuredSinks, wakeSinks, withSinks } from './sink-wiring.ts'
import { engineTraces, traced } from './trace-wiring.ts'
import { readWorkflows } from './workflow-folder.ts'
import { workflowSecrets } from './workflow-secrets.ts'
import { startSenders } from './workflow-sender.ts'
import { wakeWorkflows, workflowHandler } from './workflow-wiring.ts'

/** What runs, as the API and the callers of a node see it. */
export interface EventWing {
  readonly roles: Roles
  readonly sql: SqlStore
  readonly processes: ProcessDesk
  readonly engine: WorkflowEngine
  readonly events: EventStore
  readonly listener: StandbyListener
  readonly notifications: Notifications
  readonly records: Records
  readonly archive: InstanceArchive
  readonly sinks: Sinks
  readonly projections: Projections
  /** Absent where events start workflows in their own transaction. */
  readonly queue: Queue | undefined
  readonly functions: FunctionRegistry
  readonly definitions: DefinitionDesk
  readonly intake: EventIntake
  readonly contracts: ContractDesk
  readonly senderAddress: Hex | undefined
}

/** The tables of the wing. */
export const eventMigrations: readonly Migration[] = [
  ...[...streamMigrations, ...queueMigrations, ...workflowMigrations],
  ...[...servicesMigrations, ...functionMigrations, ...leaseMigrations],
  ...[...projectionMigrations, ...archiveMigrations, ...processMigrations],
]

/** Builds and starts the wing; what it started is put on the list of stops. */
export async function startEventWing(
  composition: Composition,
  chain: SourceChain,
): Promise<EventWing> {
  const { values, stops, logger, metrics } = composition
  const roles = rolesOf(values)
  const world = { clock: systemClock, timer: systemTimer, logger, metrics }
  const sql = await openEventDatabase(composition)
  await sql.migrate(eventMigrations)
  const own = await enterProcess(composition, sql)
  const folder = values.workflows ?? flagshipFolder
  const http = createGuardedHttp({ allowHosts: allowedHosts(values) })
  stops.push(() => http.stop())
  const sends = (roles.isWorker || roles.isApi) && chain.isAbsent !== true
  const [sender, ...others] = sends ? await startSenders(composition, { chain, sql, http }) : []
  const notifications = await configuredNotifications(values, folder, { ...world, sql, http })
  const sinks = configuredSinks(values.sinks, { ...world, sql, http })
  const records = createRecords({ sql, ...world })
  const functions = openFunctions(composition, { sql, http, folder })
  const book = contractBook(chain, sql)
  const { functions: outside, readPart } = outsideSteps(composition, { http, folder })
  const steps = {
    ...notifications.functions,
    'record.write': records.write,
    'function.invoke': functionInvoke(functions),
    ...outside,
    ...evmFunctions({ client: chain.client, sender, others, book, clock: systemClock }),
  }
  const language = { functions: steps, secrets: await workflowSecrets(values.secrets), readPart }
  const engine = await openEngine(composition, {
    ...{ ...world, ...language, sql, random: Math.random },
    ...{ ended: (instance) => sinks.outcomeWrites(instance), lifecycle: sinks.lifecycleWrites },
    ...engineOptions(composition, chain),
    ...engineTraces(composition),
  })
  stops.push(() => engine.stop())
  const needed = await deployFolder(engine, sql, { roles, given: values.workflows, language })
  await engine.start()

  const events = createEventStore(sql)
  const starting = workflowHandler(engine, { ...chain.contracts }, book)
  const queued = await startEventQueue(composition, {
    ...{ sql, events, consumes: roles.isWorker, handler: starting, handled: () => engine.wake() },
  })
  const projections = await preparedProjections(composition, chain, {
    ...{ ...world, sql, events, workflows: folder },
  })
  const told = withProjections(withSinks(queued?.handler ?? starting, sinks), projections)
  const handler = traced(composition, { engine, events }, told)
  const listener = chainListener(composition, chain, { ...world, sql, events, handler })
  const following = { engine, listener, logger, book, always: projections.subscriptions, needed }
  const listening = roles.isListener ? await listenForWorkflows(following, chain) : listener
  wakeWorkflows(engine, events)
  if (queued) wakeQueue(queued.queue, events)
  wakeSinks(sinks, { events, engine })
  wakeNotifications(notifications, engine)
  const taken = listeningParts(roles, { sinks, projections, listener })
  // Who watches here hears of what a listener elsewhere stores.
  const tails = roles.isApi && !roles.isListener ? [createEventTail({ ...world, events })] : []
  await startAll(stops, [...(roles.isWorker ? [notifications] : []), ...taken, ...tails])
  const contractDesk = createContractDesk({ client: chain.client, sql, sender, others, book })
  const archive = startArchive(composition, { sql, moves: roles.isWorker })
  const taking = takingFor({ ...world, sql, engine, language, chain, book, listening })
  own.has({ roles, listener })
  const shown = { notifications, records, archive, sinks, projections, functions, ...taking }
  const more = { contracts: contractDesk, queue: queued?.queue, senderAddress: sender?.address }
  return { roles, sql, engine, events, listener, processes: own.register, ...shown, ...more }
}

/** How the engine works, which runs instances where the process is a worker. */
function engineOptions({ values, hooks }: Composition, { minesOnDemand }: SourceChain) {
  return {
    minimumLife: values.minimumLife ?? (minesOnDemand ? 'confirmed' : 'finalized'),
    ...(values.maxRunTime === undefined
      ? {}
      : { maxRunMs: Math.ceil(values.maxRunTime * 86_400_000) }),
    ...{ isWorker: rolesOf(values).isWorker, leaseMs: values.leaseTime * 1_000 },
    drainMs: values.database === undefined ? 0 : values.drainTime * 1_000,
    ...(hooks.observe ? { observe: hooks.observe } : {}),
  }
}

/**
 * Deploys the workflows of a folder. A process that has a part of the work deploys them for all others, and without a
 * folder it has those that others deployed; one that has all of it has the flagship then.
 */
async function deployFolder(
  engine: WorkflowEngine,
  sql: SqlStore,
  {
    roles,
    given,
    language,
  }: {
    readonly roles: Roles
    readonly given: string | undefined
    readonly language: DeployingLanguage
  },
): Promise<readonly RunnableWorkflow[]> {
  if (given === undefined && roles.isPart) return []
  // A restart must not need, nor take up, what is elsewhere by now.
  const deployedBefore = async (source: string) => {
    const query = 'SELECT document FROM definitions WHERE source = ? ORDER BY deployed_at_ms DESC'
    const row = await sql.get(`${query} LIMIT 1`, source)
    return row && (JSON.parse(String(row.document)) as Json)
  }
  const workflows = await readWorkflows(given ?? flagshipFolder, { ...language, deployedBefore })
  for (const workflow of workflows) await engine.deploy(workflow, { isKept: roles.isPart })
  return workflows
}

/** What starts in this order, by the roles: a full sink holds events back, so that whoever follows counts what waits. */
function listeningParts(
  { isListener, isWorker }: Roles,
  { sinks, projections, listener }: Pick<EventWing, 'sinks' | 'projections' | 'listener'>,
): readonly Startable[] {
  const sinking = { start: () => sinks.start({ maySend: isWorker }), stop: () => sinks.stop() }
  return [
    ...(isWorker || isListener ? [sinking] : []),
    ...(isListener ? [projections, listener] : []),
  ]
}

interface Startable {
  start(): Promise<void>
  stop(): Promise<void>
}

/** Starts parts one after the other, and has them stopped. */
async function startAll(stops: Composition['stops'], parts: readonly Startable[]): Promise<void> {
  for (const part of parts) {
    stops.push(() => part.stop())
    await part.start()
  }
}

/** The contracts that the chain was started with, and those that were added. */
function contractBook({ contracts }: SourceChain, sql: SqlStore): ContractBook {
  const abis = {
    ...{ allocationToken: allocationTokenAbi, depositVault: depositVaultAbi },
    streamAnchor: streamAnchorAbi,
  }
  const fixed = Object.entries(abis).flatMap(([name, abi]) => {
    const address = ({ ...contracts } as Readonly<Record<string, Hex | undefined>>)[name]
    return address === undefined ? [] : [{ name, address, abi }]
  })
  return createContractBook({ sql, nowMs: Date.now, fixed, abis: Object.values(abis) })
}
