/** Reads workflows from folders, and checks them without running anything. */

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { fileReason } from '../base/file-reason.ts'
import { channelNames } from '../services/notification.ts'
import type { RunnableWorkflow } from '../workflow/durable-context.ts'
import { importDefinition } from '../workflow/import-definition.ts'
import { outlineOf } from '../workflow/outline.ts'
import { callNames } from '../workflow/outside-calls.ts'
import { expandedYaml, readDefinition } from '../workflow/read-definition.ts'
import { type DeployingLanguage, readWhole } from '../workflow/whole-definition.ts'
import type { StepFunction } from '../workflow/workflow.ts'

/** Functions by the name that definitions call them by. */
type Functions = Readonly<Record<string, StepFunction>>

const missing: StepFunction = async () => {
  throw new AppError({ code: 'workflow/no-function', message: 'nothing is run here' })
}

/** Stand for the functions that a node has, where definitions are only checked. */
const knownFunctions: Functions = Object.fromEntries(
  [
    ...['notify.send', ...channelNames.map((name) => `notify.${name}`)],
    ...['function.invoke', 'record.write'],
    ...['evm.send', 'evm.call', 'evm.deploy', 'evm.read', 'evm.waitFor', ...callNames],
    ...['identity.verify', 'oracle.answer'],
  ].map((name) => [name, missing]),
)

/**
 * The definitions in a folder: each file `workflow.json`, `NAME.workflow.json`, `.yaml` or `.yml`.
 *
 * @throws AppError `node/unreadable-workflow`, `workflow/bad-definition` with the file
 */
export async function readWorkflows(
  folder: string,
  language: DeployingLanguage,
): Promise<readonly RunnableWorkflow[]> {
  const names = await readdir(folder).catch((cause: unknown) => {
    throw unreadable(folder, cause)
  })
  const files = names.filter((name) => /^(.+\.)?workflow\.(json|ya?ml)$/.test(name)).sort()
  if (files.length === 0) throw unreadable(folder, new Error('it has no workflow.json'))
  return Promise.all(
    files.map(async (name) => {
      const file = path.join(folder, name)
      const text = await readFile(file, 'utf8').catch((cause: unknown) => {
        throw unreadable(file, cause)
      })
      mustBeJson(text, file)
      return readWhole(text, language)
    }),
  )
}

/**
 * Checks the text of a definition.
 *
 * @throws AppError `node/unreadable-workflow`, `workflow/bad-definition`
 */
export function checkWorkflow(text: string, file: string): { name: string; steps: number } {
  mustBeJson(text, file)
  // What is elsewhere is got, and looked at, by the node.
  const elsewhere = () => {}
  const workflow = readDefinition(text, { functions: knownFunctions, deploying: true, elsewhere })
  return { name: workflow.name, steps: outlineOf(workflow.document).length }
}

/** The full definition of a text as YAML. @throws AppError `workflow/bad-definition` */
export function expandWorkflow(text: string): string {
  return expandedYaml(text)
}

/**
 * Turns the text of a definition in another language into one of ours, as YAML.
 *
 * @param kind - `asl` or `defender`
 * @throws AppError `workflow/no-counterpart`, `workflow/unknown-kind`, `workflow/bad-definition`
 */
export function importWorkflow(text: string, kind: string): string {
  return importDefinition(text, kind)
}

/** Where it says so by its name. */
function mustBeJson(text: string, file: string): void {
  if (!file.endsWith('.json')) return
  try {
    JSON.parse(text)
  } catch (cause) {
    const message = `${file} is no JSON: ${(cause as Error).message}`
    throw new AppError({ code: 'node/unreadable-workflow', message, cause })
  }
}

function unreadable(file: string, cause: unknown): AppError {
  const message = `${file} cannot be read: ${fileReason(cause)}`
  return new AppError({ code: 'node/unreadable-workflow', message, cause })
}
