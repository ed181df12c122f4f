/** A document with the parts of the language that the specification's examples leave out. */

import type { Json } from '../../../src/base/json-rpc.ts'

const duration = { seconds: 1, minutes: 2 }

/** Valid; mutated to see that the same is refused as by the published schema. */
export const everything: Json = {
  document: {
    ...{ dsl: '1.0.0', namespace: 'n', name: 'everything', version: '1.0.0-rc.1' },
    ...{ title: 't', summary: 's', tags: { a: 'b' }, metadata: { c: 1 } },
  },
  input: { schema: { format: 'json', document: { type: 'object' } }, from: { a: '${ .a }' } },
  output: { as: '.b', schema: { document: true } },
  timeout: { after: 'P1DT2H' },
  schedule: {
    every: duration,
    cron: '0 0 * * *',
    after: 'PT1S',
    on: { any: [], until: { all: [{ with: { type: 'x' } }] } },
  },
  use: {
    authentications: {
      ...{ basic: { basic: { username: 'u', password: 'p' } }, digest: { digest: { use: 's' } } },
      bearer: { bearer: { token: '${ .t }' } },
      oauth2: {
        oauth2: {
          ...{
            authority: 'https://a.b',
            grant: 'client_credentials',
            scopes: ['a'],
            audiences: ['b'],
          },
          client: { id: 'i', secret: 's', authentication: 'none' },
          endpoints: { token: '/t' },
          ...{ request: { encoding: 'application/json' }, subject: { token: 't', type: 'y' } },
        },
      },
      oidc: { oidc: { authority: 'https://a.b/{c}', issuers: ['x'] } },
    },
    catalogs: { local: { endpoint: { uri: 'https://a.b', authentication: { use: 'basic' } } } },
    errors: { bad: { type: 'https://a.b', status: 400, instance: '/do/0', title: '${ .t }' } },
    functions: { f: { call: 'g', with: { a: 1 } } },
    extensions: [{ log: { extend: 'composite', when: '.a', after: [{ s: { set: { a: 1 } } }] } }],
    retries: {
      r: {
        ...{ when: '.a', exceptWhen: '.b', delay: duration, backoff: { linear: {} } },
        limit: { attempt: { count: 1, duration }, duration: 'PT1M' },
        jitter: { from: { milliseconds: 1 }, to: { milliseconds: 2 } },
      },
    },
    ...{ secrets: ['s'], timeouts: { short: { after: duration } } },
  },
  do: [
    {
      agent: {
        call: 'a2a',
        with: { method: 'message/send', server: 'https://a.b', parameters: { message: {} } },
      },
    },
    {
      pub: {
        call: 'asyncapi',
        with: {
          document: { endpoint: '${ .e }', name: 'n' },
          ...{ channel: 'c', protocol: 'mqtt', server: { name: 's', variables: {} } },
          message: { payload: { a: 1 }, headers: {} },
          authentication: { bearer: { use: 's' } },
        },
      },
    },
    {
      rpc: {
        call: 'grpc',
        with: {
          proto: { endpoint: 'file://a.proto' },
          service: { name: 's', host: 'h', port: 1, authentication: { use: 'basic' } },
          ...{ method: 'm', arguments: { a: 1 } },
        },
      },
    },
    {
      custom: {
        call: 'f',
        timeout: 'short',
        then: 'exit',
        export: { as: '.', schema: { document: {} } },
      },
    },
    {
      script: {
        run: { script: { language: 'js', source: { endpoint: 'https://a.b' }, stdin: 'x' } },
      },
    },
    {
      listen: {
        listen: {
          to: {
            one: {
              with: { time: '2026-01-01T00:00:00Z', data: { a: 1 }, dataschema: 'https://a.b' },
              correlate: { a: { from: '.a', expect: 'b' } },
            },
          },
        },
        foreach: { item: 'i', at: 'n', do: [], output: { as: '.' }, export: { as: '.' } },
      },
    },
    { guarded: { try: [], catch: { as: 'e', when: '.a', exceptWhen: '.b', retry: 'r', do: [] } } },
    {
      box: {
        run: {
          container: {
            ...{ image: 'i', ports: { '1': 2 }, volumes: {}, environment: { a: 'b' } },
            lifetime: { cleanup: 'eventually', after: duration },
          },
          await: false,
        },
      },
    },
  ],
}
