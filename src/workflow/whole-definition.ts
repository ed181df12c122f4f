/** Reads definitions with what they name elsewhere, which becomes part of them: what runs is what their hash says. */

import { AppError } from '../base/app-error.ts'
import type { Json } from '../base/json-rpc.ts'
import type { RunnableWorkflow } from './durable-context.ts'
import type { ElsewherePart } from './language/elsewhere.ts'
import { isMembers, memberOf, stepsOf } from './language/places.ts'
import { readDefinition, type WorkflowLanguage } from './read-definition.ts'

/** Gets a document from an endpoint of the language, text or `{uri, authentication}`. */
export type PartReader = (endpoint: Json, kind: ElsewherePart['kind']) => Promise<Json>

/** What definitions are deployed with. */
export interface DeployingLanguage extends WorkflowLanguage {
  readonly readPart: PartReader
  /** The document that a text became when it was deployed before: its parts are not asked for again. */
  readonly deployedBefore?: (source: string) => Promise<Json | undefined>
}

/** How often functions may name functions elsewhere, and parts of one definition. */
const [maxRounds, maxParts] = [8, 100]

/**
 * Reads a definition that is to be deployed. Schemas, ABIs and functions that it names by their addresses are got now, once,
 * and stand in its document from then on.
 *
 * @throws AppError `workflow/bad-definition`, also for what cannot be got
 */
export async function readWhole(
  source: string | Json,
  { readPart, deployedBefore, ...language }: DeployingLanguage,
): Promise<RunnableWorkflow> {
  const parts: ElsewherePart[] = []
  const options = {
    ...{ ...language, deploying: true },
    elsewhere: (part: ElsewherePart) => void parts.push(part),
  }
  let workflow = readDefinition(source, options)
  if (parts.length > 0 && typeof source === 'string') {
    const known = await deployedBefore?.(source)
    if (known !== undefined) return { ...readDefinition(known, options), source }
  }
  for (let round = 1; parts.length > 0; round += 1) {
    if (round > maxRounds) throw bad(`functions elsewhere name others, more than ${maxRounds} deep`)
    if (parts.length > maxParts) throw bad(`names more than ${maxParts} parts elsewhere`)
    const document = structuredClone(workflow.document)
    for (const part of parts.splice(0)) put(document, part, await contentOf(part, readPart))
    workflow = { ...readDefinition(document, options), source: workflow.source }
  }
  return workflow
}

async function contentOf(part: ElsewherePart, readPart: PartReader): Promise<Json> {
  const { kind, endpoint } = part
  const where = placeOf(part)
  const content = await readPart(endpoint, kind).catch((cause: unknown) => {
    throw bad(`${where} cannot be got: ${(cause as Error).message}`, cause)
  })
  if (kind === 'abi') {
    // Tools write more beside it.
    const abi = Array.isArray(content) ? content : memberOf(content, 'abi')
    if (Array.isArray(abi)) return abi
    throw bad(`${where} is none`)
  }
  if (isMembers(content)) return content
  throw bad(`${where} is no object`)
}

function placeOf(part: ElsewherePart): string {
  if (part.kind === 'function') return `the function "${part.name}"`
  return `the ${part.kind === 'abi' ? 'ABI' : part.kind} of ${part.pointer}`
}

/** Writes a part into a document, which is changed. */
function put(document: Json, part: ElsewherePart, content: Json): void {
  if (part.kind === 'function') {
    at(document, ['use', 'functions'])[part.name] = content
    return
  }
  const steps = stepsOf(part.pointer)
  if (part.kind === 'abi') {
    at(document, steps.slice(0, -1)).abi = content
    return
  }
  const schema = at(document, steps)
  delete schema.resource
  schema.document = content
}

type Changing = { [name: string]: Json }

/** The object at a place, which is made where it is not there. */
function at(document: Json, steps: readonly string[]): Changing {
  let place = document as Changing
  for (const step of steps) {
    place[step] ??= {}
    place = place[step] as Changing
  }
  return place
}

function bad(message: string, cause?: unknown): AppError {
  return new AppError({
    ...{ code: 'workflow/bad-definition', message: `bad workflow: ${message}`, cause },
    data: { problems: [{ pointer: '', message }] },
  })
}
