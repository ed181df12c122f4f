/** Does `run.script`: JavaScript shut in by Node's permission model, Python where the operator names an interpreter. */

import type { Json } from '../../base/json-rpc.ts'
import { WorkflowError } from '../workflow-error.ts'
import {
  type Fields,
  fieldsOf,
  invalid,
  type OutsideCall,
  optionalText,
  textOf,
} from './call-fields.ts'
import type { ExternalDocuments } from './external-documents.ts'
import type { Processes, ProcessWish } from './processes.ts'
import { maxArgumentBytes, runAs, runSettings } from './run-settings.ts'

/** What scripts may use. */
export interface ScriptOptions {
  readonly processes: Processes
  readonly documents: ExternalDocuments
  /** Program for Python; without it there is none. */
  readonly python: string | undefined
  /** Most memory of a script in JavaScript. */
  readonly memoryMb: number
}

/**
 * Reads `{code, environment}` at descriptor 3 and runs the code as a module. The environment never is the process's own:
 * NODE_OPTIONS and its like would undo the permissions. `process.kill` is the one way to others that those leave open.
 */
const bootstrap = `
const { readFileSync } = require('node:fs')
const { registerHooks } = require('node:module')
const { code, environment } = JSON.parse(readFileSync(3, 'utf8'))
Object.assign(process.env, environment)
process.argv.splice(1, 0, 'script')
for (const name of ['kill', '_kill', '_debugProcess'])
  Object.defineProperty(process, name, { value() { throw new Error('a script may not do this') } })
const url = 'script:main'
registerHooks({
  resolve: (name, context, next) =>
    name === url ? { url, format: 'module', shortCircuit: true } : next(name, context),
  load: (name, context, next) =>
    name === url ? { format: 'module', source: code, shortCircuit: true } : next(name, context),
})
import(url)`

const maxCodeBytes = 1024 * 1024

/**
 * `{language, code | source, stdin?, arguments?, environment?, return?, await?}`. JavaScript runs in a process of its own
 * without network, files, other programs and native code; its standard streams, arguments and environment are the task's.
 *
 * @see the language's reference, "Script Process"
 */
export function scriptCall(options: ScriptOptions): OutsideCall {
  const { processes } = options
  return async (input, { signal }) => {
    const fields = fieldsOf(input, 'run: script')
    const settings = runSettings(fields, 'the script')
    const language = textOf(fields, 'language', 'the script').toLowerCase()
    const code = await codeOf(fields, options, signal)
    const { environment, stdin, args } = settings
    const common = { subject: 'the script', stdin }
    const program: ProcessWish =
      language === 'javascript' || language === 'js'
        ? {
            ...{ ...common, command: process.execPath, env: {} },
            extra: JSON.stringify({ code, environment }),
            args: [
              ...['--permission', '--no-experimental-sqlite', '--no-warnings'],
              ...[`--max-old-space-size=${options.memoryMb}`, '--eval', bootstrap, '--'],
              ...args,
            ],
          }
        : {
            ...{ ...common, command: python(language, code, options) },
            // The operator's name of the interpreter is looked up in the operator's path.
            env: { ...environment, PATH: process.env.PATH ?? '' },
            args: ['-I', '-c', code, ...args],
          }
    return { kind: 'done', output: await runAs(settings, program, { processes, signal }) }
  }
}

async function codeOf(
  fields: Fields,
  { documents }: ScriptOptions,
  signal: AbortSignal,
): Promise<string> {
  const code =
    optionalText(fields, 'code', 'the script') ??
    (fields.source === undefined ? undefined : await sourceOf(fields.source, documents, signal))
  if (code === undefined) throw invalid('the script needs "code" or "source"')
  if (Buffer.byteLength(code) > maxCodeBytes)
    throw invalid(`the script has over ${maxCodeBytes} bytes`)
  return code
}

function sourceOf(source: Json, documents: ExternalDocuments, signal: AbortSignal) {
  return documents.read(source, 'the source of a script', { read: ({ text }) => text, signal })
}

function python(language: string, code: string, options: ScriptOptions): string {
  if (language !== 'python')
    throw unusable(`scripts in "${language}" are not known; javascript and python are`)
  if (options.python === undefined)
    throw unusable('scripts in python need the setting QS_PYTHON, which names an interpreter')
  if (Buffer.byteLength(code) > maxArgumentBytes || code.includes('\0'))
    throw invalid(`a script in python has at most ${maxArgumentBytes} bytes, and no NUL`)
  return options.python
}

function unusable(detail: string): WorkflowError {
  return new WorkflowError({ type: 'configuration', title: 'Unusable script', detail })
}
