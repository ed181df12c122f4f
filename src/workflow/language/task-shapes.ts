/** Shapes of tasks: which members each kind has. */

import type { Json } from '../../base/json-rpc.ts'
import * as shared from './part-shapes.ts'
import { isMembers, type Problem } from './places.ts'
import * as is from './shapes.ts'

/** A list of tasks. */
export const taskList: is.Shape = is.list(
  is.named(checkTask, 'one task under one name, such as {"pay": {"call": …}}'),
  'a list of tasks, such as [{"pay": {"call": …}}]',
)

const base: Readonly<Record<string, is.Shape>> = {
  ...{ if: is.text, input: shared.input, output: shared.output, export: shared.exported },
  ...{ timeout: shared.timeout, then: is.text, metadata: is.anyObject },
}

/** `foreach`. */
const iterator = is.object({
  may: {
    ...{ item: is.text, at: is.text, do: taskList },
    ...{ output: shared.output, export: shared.exported },
  },
})

const outputs = is.oneOf('raw', 'content', 'response')
const texts = is.list(is.text, 'a list of texts')
const textsOrExpression = is.either(
  'an object of texts, or an expression',
  is.mapOf(is.text),
  is.expression,
)

const message = is.object({ may: { payload: is.anyObject, headers: is.anyObject } })

const subscription = is.object({
  needs: {
    consume: is.exactlyOne(
      ['amount', 'while', 'until'],
      is.object({
        may: {
          ...{ for: shared.duration, amount: is.integer },
          ...{ while: is.expression, until: is.expression },
        },
      }),
    ),
  },
  may: { filter: is.expression, foreach: iterator },
})

const objectOrText = is.either('an object, or an expression', is.anyObject, is.text)

/** What the calls of the language take as `with`. */
const calls: Readonly<Record<string, is.Shape>> = {
  asyncapi: is.exactlyOne(
    ['operation', 'channel'],
    is.exactlyOne(
      ['message', 'subscription'],
      is.object({
        needs: { document: shared.resource },
        may: {
          ...{ channel: is.text, operation: is.text, message, subscription },
          server: is.object({ needs: { name: is.text }, may: { variables: is.anyObject } }),
          protocol: is.oneOf(
            ...['amqp', 'amqp1', 'anypointmq', 'googlepubsub', 'http', 'ibmmq', 'jms', 'kafka'],
            ...['mercure', 'mqtt', 'mqtt5', 'nats', 'pulsar', 'redis', 'sns', 'solace', 'sqs'],
            ...['stomp', 'ws'],
          ),
          authentication: shared.authentication,
        },
      }),
    ),
  ),
  grpc: is.object({
    needs: {
      proto: shared.resource,
      service: is.object({
        needs: {
          name: is.text,
          host: is.matching(
            /^[a-zA-Z0-9](?:[a-zA-Z0-9-.]{0,61}[a-zA-Z0-9])?$/,
            'the name of a host',
          ),
        },
        may: {
          port: is.plain('a port from 0 to 65535', (value) => {
            return Number.isInteger(value) && Number(value) >= 0 && Number(value) <= 65_535
          }),
          authentication: shared.authentication,
        },
      }),
      method: is.text,
    },
    may: { arguments: is.anyObject },
  }),
  http: is.object({
    needs: { method: is.text, endpoint: shared.endpoint },
    may: {
      ...{ headers: textsOrExpression, query: textsOrExpression, body: is.any },
      ...{ output: outputs, redirect: is.boolean },
    },
  }),
  openapi: is.object({
    needs: { document: shared.resource, operationId: is.text },
    may: {
      ...{ parameters: is.anyObject, authentication: shared.authentication },
      ...{ output: outputs, redirect: is.boolean },
    },
  }),
  a2a: is.object({
    needs: {
      method: is.oneOf(
        ...['message/send', 'message/stream', 'tasks/get', 'tasks/list', 'tasks/cancel'],
        ...['tasks/resubscribe', 'tasks/pushNotificationConfig/set'],
        ...['tasks/pushNotificationConfig/get', 'tasks/pushNotificationConfig/list'],
        ...['tasks/pushNotificationConfig/delete', 'agent/getAuthenticatedExtendedCard'],
      ),
    },
    may: {
      ...{ agentCard: shared.resource, server: shared.endpoint },
      parameters: is.either(
        'an object with members, or an expression',
        is.object({ open: true, least: 1 }),
        is.text,
      ),
    },
  }),
  mcp: is.object({
    needs: {
      method: is.oneOf(
        ...['tools/list', 'tools/call', 'prompts/list', 'prompts/get', 'resources/list'],
        ...['resources/read', 'resources/templates/list'],
      ),
      transport: is.exactlyOne(
        ['http', 'stdio'],
        is.object({
          may: {
            http: is.object({
              needs: { endpoint: shared.endpoint },
              may: { headers: is.mapOf(is.text) },
              open: true,
            }),
            stdio: is.object({
              needs: { command: is.text },
              may: { arguments: texts, environment: is.mapOf(is.text) },
              open: true,
            }),
            options: is.mapOf(is.text),
          },
          open: true,
        }),
      ),
    },
    may: {
      ...{ protocolVersion: is.text, parameters: objectOrText, timeout: shared.duration },
      client: is.object({
        needs: { name: is.text, version: is.any },
        may: { description: is.text },
        open: true,
      }),
    },
    open: true,
  }),
}

const lifetime: is.Shape = (value, pointer, problems) => {
  const eventually = isMembers(value) && value.cleanup === 'eventually'
  const after = { after: shared.duration }
  is.object({
    needs: { cleanup: is.oneOf('always', 'never', 'eventually'), ...(eventually ? after : {}) },
  })(value, pointer, problems)
}

const process = { stdin: is.text, arguments: texts, environment: is.anyObject }

const processes: Readonly<Record<string, is.Shape>> = {
  container: is.object({
    needs: { image: is.text },
    may: {
      ...process,
      ...{ name: is.text, command: is.text, ports: is.anyObject, volumes: is.anyObject, lifetime },
      pullPolicy: is.oneOf('ifNotPresent', 'always', 'never'),
    },
  }),
  script: is.exactlyOne(
    ['code', 'source'],
    is.object({
      needs: { language: is.text },
      may: { ...process, code: is.text, source: shared.resource },
    }),
  ),
  shell: is.object({ needs: { command: is.text }, may: process }),
  workflow: is.object({
    needs: { namespace: is.text, name: is.text, version: is.text },
    may: { input: is.anyObject },
  }),
}

const errorFilter = is.object({
  may: {
    ...{ type: is.text, status: is.integer, instance: is.text, title: is.text, details: is.text },
  },
  open: true,
  least: 1,
})

const switchCase = is.object({ needs: { then: is.text }, may: { when: is.text } })

/** Members of each kind of task beside those that all have; `for` comes first, since it has a `do`, too. */
const kinds: Readonly<Record<string, is.ObjectShape>> = {
  for: {
    needs: {
      for: is.object({ needs: { in: is.text }, may: { each: is.text, at: is.text } }),
      do: taskList,
    },
    may: { while: is.text },
  },
  do: { needs: { do: taskList } },
  fork: {
    needs: { fork: is.object({ needs: { branches: taskList }, may: { compete: is.boolean } }) },
  },
  emit: {
    needs: {
      emit: is.object({
        needs: { event: is.object({ may: { with: shared.emittedEvent }, open: true }) },
      }),
    },
  },
  listen: {
    needs: {
      listen: is.object({
        needs: { to: shared.strategy },
        may: { read: is.oneOf('data', 'envelope', 'raw') },
      }),
    },
    may: { foreach: iterator },
  },
  raise: {
    needs: {
      raise: is.object({
        needs: { error: is.either('an error, or the name of one', is.text, shared.error) },
      }),
    },
  },
  run: {
    needs: {
      run: is.exactlyOne(
        Object.keys(processes),
        is.object({
          may: {
            ...processes,
            await: is.boolean,
            return: is.oneOf('stdout', 'stderr', 'code', 'all', 'none'),
          },
        }),
      ),
    },
  },
  set: {
    needs: {
      set: is.either(
        'an object with members, or an expression',
        is.object({ open: true, least: 1 }),
        is.text,
      ),
    },
  },
  switch: {
    needs: {
      switch: is.list(
        is.named(switchCase, 'one case under one name'),
        'a list of at least one case',
        1,
      ),
    },
  },
  try: {
    needs: {
      try: taskList,
      catch: is.object({
        may: {
          errors: is.object({ may: { with: errorFilter }, open: true }),
          ...{ as: is.text, when: is.text, exceptWhen: is.text, do: taskList },
          retry: is.either('a retry policy, or the name of one', is.text, shared.retryPolicy),
        },
      }),
    },
  },
  wait: { needs: { wait: shared.duration } },
  call: { needs: { call: is.text }, may: { with: is.anyObject } },
}

const shapes = Object.fromEntries(
  Object.entries(kinds).map(([kind, { needs = {}, may = {} }]) => [
    kind,
    is.object({ needs, may: { ...base, ...may } }),
  ]),
)

/** A task: of one kind, with the members of that kind. */
export function checkTask(value: Json, pointer: string, problems: Problem[]): void {
  if (!isMembers(value)) {
    problems.push({ pointer, message: 'is no task; right is an object such as {"call": …}' })
    return
  }
  const kind = Object.keys(kinds).find((name) => Object.hasOwn(value, name))
  if (kind === undefined) {
    const right = `one of ${Object.keys(kinds).join(', ')}`
    problems.push({ pointer, message: `says not what it does; right is ${right}` })
    return
  }
  const call = kind === 'call' && typeof value.call === 'string' ? calls[value.call] : undefined
  if (call === undefined || !Object.hasOwn(calls, String(value.call))) {
    shapes[kind]?.(value, pointer, problems)
    return
  }
  is.object({ needs: { call: is.text, with: call }, may: base })(value, pointer, problems)
}
