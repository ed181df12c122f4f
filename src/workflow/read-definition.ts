/** Reads definitions of workflows, and compiles them to something that can be run. */

import { stringify } from 'yaml'
import type { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import { parseDocument } from './document.ts'
import type { RunnableWorkflow } from './durable-context.ts'
import { canonicalHash } from './language/canonical.ts'
import { createCompiler } from './language/compile.ts'
import type { LanguageOptions } from './language/compiler.ts'
import { shapeProblems } from './language/definition-shape.ts'
import { isMembers, type Members, memberOf, type Problem } from './language/places.ts'
import { compileRun } from './language/run-workflow.ts'
import type { SecretSource } from './language/secrets.ts'
import { triggerOf } from './language/trigger.ts'
import { expandShortForm, isShortForm, shortPlace } from './short-form.ts'

export type { SecretSource }

/** What a node gives to the definitions that it runs. */
export type WorkflowLanguage = Pick<LanguageOptions, 'functions' | 'secrets'>

/**
 * Reads a definition of the Open Workflow Specification, DSL 1.0.0 to 1.0.3, as JSON or YAML text or as JSON.
 *
 * @throws AppError `workflow/bad-definition`: each problem on its line with line and column, place, what is wrong and what
 * would be right; `data.problems` has them
 */
export function readDefinition(source: string | Json, options: LanguageOptions): RunnableWorkflow {
  const { value, refuse } = readFull(source)
  const shape = shapeProblems(value)
  if (shape.length > 0) throw refuse(shape)
  const compiler = createCompiler(value, options)
  const run = compileRun(compiler, value)
  const trigger = triggerOf(compiler, value)
  if (compiler.problems.length > 0) throw refuse(compiler.problems)
  const head = value.document as Members
  const text = (name: string) => String(memberOf(head, name))
  return {
    ...{ namespace: text('namespace'), name: text('name'), version: text('version') },
    title: typeof head.title === 'string' ? head.title : text('name'),
    hash: canonicalHash(value),
    document: value,
    source: typeof source === 'string' ? source : JSON.stringify(source, null, 2),
    ...{ trigger, listens: compiler.listens, run },
  }
}

/** The full definition of a text as YAML, its short form expanded. @throws AppError `workflow/bad-definition` */
export function expandedYaml(text: string): string {
  const { value, refuse } = readFull(text)
  const problems = shapeProblems(value)
  if (problems.length > 0) throw refuse(problems)
  return stringify(value)
}

/** The full definition of a text, its short form expanded. @throws AppError `workflow/bad-definition` */
function readFull(source: string | Json): Full {
  const { value, refuse } = parseDocument(source)
  if (!isMembers(value)) throw refuse([{ pointer: '', message: 'must be an object' }])
  if (!isShortForm(value)) return { value, refuse }
  const { document, problems } = expandShortForm(value)
  if (problems.length > 0) throw refuse(problems)
  return {
    value: document,
    refuse: (found) =>
      refuse(found.map(({ pointer, message }) => ({ pointer: shortPlace(pointer), message }))),
  }
}

interface Full {
  readonly value: Members
  refuse(problems: readonly Problem[]): AppError
}
