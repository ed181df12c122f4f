/** The shape of a whole definition; the published schema of the language accepts and refuses the same. */

import type { Json } from '../../base/json-rpc.ts'
import * as shared from './part-shapes.ts'
import type { Problem } from './places.ts'
import * as is from './shapes.ts'
import { checkTask, taskList } from './task-shapes.ts'

const semantic =
  /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-((?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*)(?:\.(?:0|[1-9]\d*|\d*[a-zA-Z-][0-9a-zA-Z-]*))*))?(?:\+([0-9a-zA-Z-]+(?:\.[0-9a-zA-Z-]+)*))?$/

const name = is.matching(
  /^[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/,
  '1 to 63 letters, digits and dashes, no dash at its ends',
)

const document = is.object({
  needs: {
    dsl: is.matching(/^1\.0\.[0-3]$/, 'a version of the language from 1.0.0 to 1.0.3'),
    ...{ namespace: name, name },
    version: is.matching(semantic, 'a semantic version such as "1.0.0"'),
  },
  may: { title: is.text, summary: is.text, tags: is.anyObject, metadata: is.anyObject },
})

const extension = is.object({
  needs: {
    extend: is.oneOf(
      ...['call', 'composite', 'emit', 'for', 'listen', 'raise', 'run', 'set', 'switch', 'try'],
      ...['wait', 'all'],
    ),
  },
  may: { when: is.text, before: taskList, after: taskList },
})

const use = is.object({
  may: {
    authentications: is.mapOf(shared.authenticationPolicy),
    errors: is.mapOf(shared.error),
    extensions: is.list(is.named(extension, 'one extension under one name')),
    functions: is.mapOf(checkTask),
    retries: is.mapOf(shared.retryPolicy),
    secrets: is.list(is.text, 'a list of names'),
    timeouts: is.mapOf(is.object({ needs: { after: shared.duration } })),
    catalogs: is.mapOf(is.object({ needs: { endpoint: shared.endpoint } })),
  },
})

const evaluate = is.object({
  may: { language: is.oneOf('jq'), mode: is.oneOf('strict', 'loose') },
})

const whole = is.object({
  needs: { document, do: taskList },
  may: {
    ...{ input: shared.input, use, timeout: shared.timeout, output: shared.output, evaluate },
    schedule: is.object({
      may: {
        ...{ every: shared.duration, cron: is.text, after: shared.duration },
        on: shared.strategy,
      },
    }),
  },
  open: true,
})

/** What is wrong with the shape of a definition. */
export function shapeProblems(definition: Json): Problem[] {
  const problems: Problem[] = []
  whole(definition, '', problems)
  return problems
}
