/** Checks data against the JSON Schemas of a definition. */

import { Ajv2020 } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import type { Json } from '../../base/json-rpc.ts'
import { WorkflowError } from '../workflow-error.ts'
import type { LanguageOptions } from './compiler.ts'
import { memberOf, type Place, type Problem } from './places.ts'
import { type Data, plainJson } from './runtime.ts'

/**
 * Compiles a `schema` of the language.
 *
 * @returns throws WorkflowError `validation`, which names the place of the data and what is wrong
 */
export function compileSchema(
  schema: Json,
  {
    what,
    place,
    problems,
    elsewhere,
  }: {
    readonly what: string
    readonly place: Place
    readonly problems: Problem[]
    readonly elsewhere: LanguageOptions['elsewhere']
  },
): ((data: Data) => void) | undefined {
  const wrong = (message: string): undefined => {
    problems.push({ pointer: place.pointer, message })
  }
  const format = memberOf(schema, 'format')
  if (typeof format === 'string' && !/^json(:|$)/i.test(format)) {
    return wrong(`the schema format "${format}" is not known; right is "json"`)
  }
  const document = memberOf(schema, 'document')
  if (document === undefined) {
    const endpoint = memberOf(memberOf(schema, 'resource'), 'endpoint')
    if (elsewhere === undefined || endpoint === undefined) {
      return wrong('is elsewhere, and nothing is fetched here; give the schema as "document"')
    }
    elsewhere({ kind: 'schema', pointer: place.pointer, endpoint })
    return undefined
  }
  const ajv = new Ajv2020({ strict: false, allErrors: false, validateFormats: true })
  formats.default(ajv)
  try {
    const validate = ajv.compile(document as object)
    return (data) => {
      if (validate(plainJson(data))) return
      const [error] = validate.errors ?? []
      const detail = `${what} does not fit its schema: ${error?.instancePath ?? ''} ${error?.message ?? ''}`
      throw new WorkflowError({ type: 'validation', title: 'Invalid data', detail })
    }
  } catch (error) {
    return wrong(`is no JSON Schema: ${(error as Error).message}`)
  }
}
