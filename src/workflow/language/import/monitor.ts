/** Turns monitors of OpenZeppelin Monitor and Sentinels of Defender into workflow definitions. */

import type { Json } from '../../../base/json-rpc.ts'
import { monitorCondition } from './monitor-conditions.ts'
import {
  definitionOf,
  listAt,
  type Members,
  membersAt,
  mustKnow,
  noCounterpart,
  textAt,
} from './refusal.ts'

/** What either kind of monitor says, in one form. */
interface Monitor {
  readonly name: string
  readonly networks: readonly string[]
  readonly addresses: readonly string[]
  readonly events: readonly {
    readonly signature: string
    readonly expression: Json
    readonly place: string
  }[]
  readonly abi: readonly Json[]
  /** Names of what is told when an event matches. */
  readonly notifications: readonly string[]
  /** The life that an event must have, where it is not the usual one. */
  readonly at?: 'safe' | 'finalized' | undefined
  /** What is said of it, for people. */
  readonly remarks?: Members
}

/**
 * A monitor as a definition of DSL 1.0.3: it starts at each event that matches, and notifies.
 *
 * @throws AppError `workflow/no-counterpart`, with the place of what can't be turned
 */
export function fromMonitor(source: Json): Json {
  const root = membersAt(source, 'the monitor')
  const monitor = root.match_conditions === undefined ? sentinelOf(root) : monitorOf(root)
  if (root.paused === true) {
    const reason = 'it watches nothing now; import it without this when it is to watch'
    throw noCounterpart('paused', reason)
  }
  const { name, addresses, notifications, at, remarks = {} } = monitor
  if (monitor.events.length === 0) throw noCounterpart('the monitor', 'watches no events')
  const starts = addresses.flatMap((contract) =>
    monitor.networks.flatMap((chain) =>
      monitor.events.map((event) => ({ with: filterOf(monitor, event, { contract, chain }) })),
    ),
  )
  const on = starts.length === 1 ? { one: starts[0] as Json } : { any: starts as unknown as Json }
  const text = 'Event ${ .[0].event } of ${ .[0].contract } in ${ .[0].data.transactionHash }'
  const tasks = notifications.map((channel) => ({
    [`notify ${channel}`]: {
      call: 'notify.send',
      with: { channel, subject: name, text },
      output: { as: '${ $input }' },
      ...(at === undefined ? {} : { metadata: { at } }),
    },
  }))
  const recorded = { matched: { set: '${ .[0] }' } }
  const whole = { schedule: { on }, do: tasks.length > 0 ? tasks : [recorded] }
  return definitionOf(name, whole, remarks)
}

function filterOf(
  { abi }: Monitor,
  { signature, expression, place }: Monitor['events'][number],
  { contract, chain }: { readonly contract: string; readonly chain: string },
): Json {
  const names = parameterNames(signature, abi)
  const filter = { type: 'evm.log', event: namedSignature(signature, abi), contract, chain }
  if (expression === null || expression === undefined || expression === '') return filter
  const condition = monitorCondition(textAt(expression, place), names, place)
  return { ...filter, data: `\${ ${condition} }` }
}

interface Input {
  readonly name: string
  readonly type: string
  readonly indexed: boolean
}

function inputsOf(signature: string, abi: readonly Json[]): readonly Input[] | undefined {
  for (const one of abi) {
    const entry = membersAt(one, 'the ABI')
    if (entry.type !== 'event') continue
    const inputs = listAt(entry.inputs, 'the ABI').map((input) => {
      const { name = '', type = '', indexed } = membersAt(input, 'the ABI')
      return { name: String(name), type: String(type), indexed: indexed === true }
    })
    const own = `${String(entry.name)}(${inputs.map(({ type }) => type).join(',')})`
    if (own === signature.replaceAll(' ', '')) return inputs
  }
  return undefined
}

function parameterNames(signature: string, abi: readonly Json[]): readonly string[] {
  return inputsOf(signature, abi)?.map(({ name }) => name) ?? []
}

/** The event with the names of its arguments, where the ABI has them. */
function namedSignature(signature: string, abi: readonly Json[]): string {
  const inputs = inputsOf(signature, abi)
  if (inputs === undefined) return signature
  const args = inputs.map(({ name, type, indexed }) =>
    [type, ...(indexed ? ['indexed'] : []), name].join(' '),
  )
  return `${signature.slice(0, signature.indexOf('('))}(${args.join(', ')})`
}

function monitorOf(root: Members): Monitor {
  const known = [
    'name',
    'paused',
    'networks',
    'addresses',
    'match_conditions',
    'trigger_conditions',
    'triggers',
  ]
  mustKnow(root, known, 'the monitor')
  const conditions = membersAt(root.match_conditions, 'match_conditions')
  for (const name of ['functions', 'transactions']) {
    if (listAt(conditions[name] ?? [], `match_conditions.${name}`).length > 0) {
      throw noCounterpart(`match_conditions.${name}`, 'only events start a workflow here')
    }
  }
  if (listAt(root.trigger_conditions ?? [], 'trigger_conditions').length > 0) {
    throw noCounterpart(
      'trigger_conditions',
      'scripts have no counterpart; write them as functions',
    )
  }
  const addresses = listAt(root.addresses, 'addresses').map((one, at) =>
    membersAt(one, `addresses[${at}]`),
  )
  return {
    name: textAt(root.name, 'name'),
    networks: listAt(root.networks, 'networks').map((one, at) => textAt(one, `networks[${at}]`)),
    addresses: addresses.map(({ address }, at) => textAt(address, `addresses[${at}].address`)),
    abi: addresses.flatMap(({ contract_spec: spec }) => (Array.isArray(spec) ? spec : [])),
    events: listAt(conditions.events ?? [], 'match_conditions.events').map((one, at) => {
      const place = `match_conditions.events[${at}]`
      const { signature, expression = null } = membersAt(one, place)
      return { signature: textAt(signature, `${place}.signature`), expression, place }
    }),
    notifications: listAt(root.triggers ?? [], 'triggers').map((one, at) =>
      textAt(one, `triggers[${at}]`),
    ),
  }
}

/** A Sentinel of Defender, as its client library writes it. */
function sentinelOf(root: Members): Monitor {
  const known = [
    'type',
    'name',
    'network',
    'addresses',
    'abi',
    'paused',
    'eventConditions',
    'functionConditions',
  ]
  mustKnow(
    root,
    [
      ...known,
      'notificationChannels',
      'notification',
      'confirmLevel',
      'riskCategory',
      'severityLevel',
    ],
    'the monitor',
  )
  if (root.type !== undefined && root.type !== 'BLOCK') {
    throw noCounterpart('type', `${String(root.type)} has no counterpart; BLOCK has`)
  }
  if (listAt(root.functionConditions ?? [], 'functionConditions').length > 0) {
    throw noCounterpart('functionConditions', 'only events start a workflow here')
  }
  const abi = typeof root.abi === 'string' ? (JSON.parse(root.abi) as Json) : (root.abi ?? [])
  return {
    name: textAt(root.name, 'name'),
    networks: [textAt(root.network, 'network')],
    addresses: listAt(root.addresses, 'addresses').map((one, at) =>
      textAt(one, `addresses[${at}]`),
    ),
    abi: listAt(abi, 'abi'),
    events: listAt(root.eventConditions ?? [], 'eventConditions').map((one, at) => {
      const place = `eventConditions[${at}]`
      const { eventSignature, expression = null } = membersAt(one, place)
      return { signature: textAt(eventSignature, `${place}.eventSignature`), expression, place }
    }),
    notifications: listAt(root.notificationChannels ?? [], 'notificationChannels').map((one, at) =>
      textAt(one, `notificationChannels[${at}]`),
    ),
    at: lifeOf(root.confirmLevel),
    remarks: Object.fromEntries(
      ['riskCategory', 'severityLevel'].flatMap((member) => {
        const value = root[member]
        return value === undefined ? [] : [[member, value]]
      }),
    ),
  }
}

/** One confirmation is what is waited for anyway. */
function lifeOf(level: Json | undefined): Monitor['at'] {
  if (level === undefined || level === 1) return undefined
  if (level === 'safe' || level === 'finalized') return level
  const reason =
    typeof level === 'number'
      ? `${level} confirmations are a setting of the node here (QS_CONFIRMATIONS); 1, "safe" and "finalized" have a counterpart`
      : `${JSON.stringify(level)} has no counterpart; 1, "safe" and "finalized" have`
  throw noCounterpart('confirmLevel', reason)
}
