/** Shapes that several tasks of the language share: durations, errors, endpoints, authentication, events. */

import type { Json } from '../../base/json-rpc.ts'
import { isMembers, type Problem } from './places.ts'
import * as is from './shapes.ts'

/** Text or an object. */
const filter = is.either('an expression as text, or an object', is.text, is.anyObject)

export const duration = is.either(
  '{"seconds": 5}, ISO 8601 such as "PT5S", or an expression',
  is.object({
    may: {
      ...{ days: is.integer, hours: is.integer, minutes: is.integer, seconds: is.integer },
      milliseconds: is.integer,
    },
    least: 1,
  }),
  is.expression,
  is.matching(
    /^P(?!$)(\d+(?:\.\d+)?Y)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?W)?(\d+(?:\.\d+)?D)?(T(?=\d)(\d+(?:\.\d+)?H)?(\d+(?:\.\d+)?M)?(\d+(?:\.\d+)?S)?)?$/,
    'a duration of ISO 8601',
  ),
)

export const timeout = is.either(
  '{"after": {"seconds": 5}} or the name of a timeout',
  is.text,
  is.object({ needs: { after: duration } }),
)

const uriOrExpression = is.either('a URI or an expression', is.uriTemplate, is.expression)

export const error = is.object({
  needs: { type: uriOrExpression, status: is.integer },
  may: {
    instance: is.either(
      'a JSON pointer or an expression',
      is.formatted('json-pointer', 'a JSON pointer'),
      is.expression,
    ),
    ...{ title: is.text, detail: is.text },
  },
})

const secret = is.object({ needs: { use: is.matching(/[\s\S]/, 'the name of a secret') } })

const token = is.object({ needs: { token: is.text, type: is.text } })
const texts = is.list(is.text, 'a list of texts')

const oauth2: Readonly<Record<string, is.Shape>> = {
  authority: is.uriTemplate,
  grant: is.oneOf(
    ...['authorization_code', 'client_credentials', 'password', 'refresh_token'],
    'urn:ietf:params:oauth:grant-type:token-exchange',
  ),
  client: is.object({
    may: {
      ...{ id: is.text, secret: is.text, assertion: is.text },
      authentication: is.oneOf(
        ...['client_secret_basic', 'client_secret_post', 'client_secret_jwt'],
        ...['private_key_jwt', 'none'],
      ),
    },
  }),
  request: is.object({
    may: { encoding: is.oneOf('application/x-www-form-urlencoded', 'application/json') },
    open: true,
  }),
  ...{ issuers: texts, scopes: texts, audiences: texts, username: is.text, password: is.text },
  ...{ subject: token, actor: token },
}

const path = is.formatted('uri-template', 'the path of an endpoint')

const schemes: Readonly<Record<string, is.Shape>> = {
  basic: is.either('{"username", "password"} or {"use"}', pair(), secret),
  bearer: is.either('{"token"} or {"use"}', is.object({ needs: { token: is.text } }), secret),
  digest: is.either('{"username", "password"} or {"use"}', pair(), secret),
  oauth2: is.either(
    'settings of OAuth 2 or {"use"}',
    is.object({
      may: {
        ...oauth2,
        endpoints: is.object({
          may: { token: path, revocation: path, introspection: path },
          open: true,
        }),
      },
    }),
    secret,
  ),
  oidc: is.either('settings of OpenID Connect or {"use"}', is.object({ may: oauth2 }), secret),
  // The reference has it, the published schema has forgotten it.
  certificate: is.either(
    '{"cert", "key"} or {"use"}',
    is.object({ needs: { cert: is.text, key: is.text }, may: { passphrase: is.text } }),
    secret,
  ),
}

function pair(): is.Shape {
  return is.object({ needs: { username: is.text, password: is.text } })
}

/** An authentication under `use`: exactly one scheme that is right; the language lets other members through there. */
export const authenticationPolicy: is.Shape = (value, pointer, problems) => {
  if (!isMembers(value)) return is.anyObject(value, pointer, problems)
  const right = Object.entries(schemes).filter(([name, shape]) => {
    return Object.hasOwn(value, name) && fits(shape, value[name] as Json)
  })
  if (right.length === 1) return
  is.exactlyOne(Object.keys(schemes), is.object({ may: schemes, open: true }))(
    value,
    pointer,
    problems,
  )
}

function fits(shape: is.Shape, value: Json): boolean {
  const problems: Problem[] = []
  shape(value, '', problems)
  return problems.length === 0
}

export const authentication = is.exactlyOne(
  ['use', ...Object.keys(schemes)],
  is.object({ may: { ...schemes, use: is.matching(/[\s\S]/, 'the name of an authentication') } }),
)

export const endpoint = is.either(
  'a URI, an expression, or {"uri": …}',
  is.expression,
  is.uriTemplate,
  is.object({ needs: { uri: uriOrExpression }, may: { authentication } }),
)

export const resource = is.object({ needs: { endpoint }, may: { name: is.text } })

const schema = is.exactlyOne(
  ['document', 'resource'],
  is.object({ may: { format: is.text, document: is.any, resource } }),
)

export const input = is.object({ may: { schema, from: filter } })
export const output = is.object({ may: { schema, as: filter } })
/** `export`. */
export const exported = is.object({ may: { schema, as: filter } })

const eventMembers: Readonly<Record<string, is.Shape>> = {
  ...{ id: is.text, source: uriOrExpression, type: is.text },
  time: is.either(
    'a moment such as "2026-01-31T12:00:00Z" or an expression',
    is.formatted('date-time', 'a moment'),
    is.expression,
  ),
  ...{ subject: is.text, datacontenttype: is.text, dataschema: uriOrExpression, data: is.any },
}

/** An event that is emitted. */
export const emittedEvent = is.object({
  needs: { source: uriOrExpression, type: is.text },
  may: eventMembers,
  open: true,
})

const eventFilter = is.object({
  needs: {
    with: is.object({ may: eventMembers, open: true, least: 1, what: 'at least one attribute' }),
  },
  may: {
    correlate: is.mapOf(
      is.object({ needs: { from: is.text }, may: { expect: is.text }, open: true }),
    ),
  },
})

/** Which events are waited for. */
export const strategy: is.Shape = (value, pointer, problems) => {
  const until = is.either(
    'a condition, or the events that end it',
    is.text,
    (one, where, found) => {
      if (isMembers(one) && Object.hasOwn(one, 'until')) {
        found.push({ pointer: `${where}/until`, message: 'must not stand within another "until"' })
      }
      strategy(one, where, found)
    },
  )
  const filters = is.list(eventFilter, 'a list of filters')
  const withUntil = isMembers(value) && Object.hasOwn(value, 'any') ? { until } : {}
  is.exactlyOne(
    ['one', 'any', 'all'],
    is.object({ may: { one: eventFilter, any: filters, all: filters, ...withUntil } }),
  )(value, pointer, problems)
}

export const retryPolicy = is.object({
  may: {
    ...{ when: is.text, exceptWhen: is.text, delay: duration },
    backoff: is.exactlyOne(
      ['constant', 'linear', 'exponential'],
      is.object({
        may: { constant: is.anyObject, linear: is.anyObject, exponential: is.anyObject },
      }),
    ),
    limit: is.object({
      may: { attempt: is.object({ may: { count: is.integer, duration } }), duration },
    }),
    jitter: is.object({ needs: { from: duration, to: duration } }),
  },
})
