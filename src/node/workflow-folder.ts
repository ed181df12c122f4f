/** Reads workflows from folders, and checks them without running anything. */

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { fileReason } from '../base/file-reason.ts'
import type { Json } from '../base/json-rpc.ts'
import { channelNames } from '../services/notification.ts'
import { compileWorkflow } from '../workflow/definition.ts'
import { importDefinition } from '../workflow/import-definition.ts'
import { expandedYaml } from '../workflow/read-definition.ts'

/** Functions that definitions may call. */
export const knownFunctions = [
  'notify.send',
  ...channelNames.map((name) => `notify.${name}`),
  'function.invoke',
  'evm.send',
  'evm.call',
  'record.write',
]

/** The definition in a folder's `workflow.json`; @throws AppError `node/unreadable-workflow` */
export async function readWorkflow(folder: string): Promise<Json> {
  const file = path.join(folder, 'workflow.json')
  try {
    return parse(await readFile(file, 'utf8'), file)
  } catch (cause) {
    if (cause instanceof AppError) throw cause
    const message = `${file} cannot be read: ${fileReason(cause)}`
    throw new AppError({ code: 'node/unreadable-workflow', message, cause })
  }
}

/**
 * Checks the text of a definition.
 *
 * @throws AppError `node/unreadable-workflow`, `workflow/bad-definition`
 */
export function checkWorkflow(text: string, file: string): { name: string; steps: number } {
  const { deployed } = compileWorkflow(parse(text, file), knownFunctions)
  return { name: deployed.name, steps: deployed.steps.length }
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

function parse(text: string, file: string): Json {
  try {
    return JSON.parse(text) as Json
  } catch (cause) {
    const message = `${file} is no JSON: ${(cause as Error).message}`
    throw new AppError({ code: 'node/unreadable-workflow', message, cause })
  }
}
