/** Puts the declared projections between what happens on the chain and its tables. */

import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/app-error.ts'
import { fileReason } from '../base/file-reason.ts'
import { type Declaration, readDeclaration } from '../projection/declaration.ts'
import {
  createProjections,
  type Projections,
  type ProjectionsDependencies,
} from '../projection/projections.ts'
import { type BlockReaderDependencies, createBlockReader } from '../stream/block-reader.ts'
import type { EventHandler } from '../stream/stream.ts'
import { confirmations } from './chain-listener.ts'
import type { SourceChain } from './chain-server.ts'
import type { Composition } from './composition.ts'

/**
 * Projections with their tables, before anything is listened to.
 *
 * @throws AppError as `readProjections`; `projection/bad-declarations`
 */
export async function preparedProjections(
  composition: Composition,
  chain: SourceChain,
  {
    workflows,
    ...world
  }: Omit<ProjectionsDependencies, 'reading'> & { readonly workflows: string },
): Promise<Projections> {
  const { values } = composition
  const declarations = await readProjections(values.projections, workflows)
  const { name, contracts } = chain
  const reading = {
    blocks: readerOf(composition, chain, world),
    ...{ pollMs: values.pollInterval, finalityDepth: values.finalityDepth },
    confirmations: confirmations(composition, chain),
    canShrink: chain.embedded === true || chain.minesOnDemand === true,
  }
  const options = { chain: name, contracts: { ...contracts }, declarations }
  const projections = createProjections(options, { ...world, reading })
  await projections.prepare()
  return projections
}

/** Of a chain of this process, and of a development node, which lets transactions be signed by nobody, everything is believed. */
function readerOf({ values }: Composition, chain: SourceChain, world: BlockReaderDependencies) {
  const { name, client, endpoints = [{ name, client }], embedded, minesOnDemand } = chain
  const checks = embedded || minesOnDemand ? 'none' : values.eventChecks
  return createBlockReader({ chain: name, checks, endpoints }, world)
}

/**
 * The declarations in a folder: each file `NAME.json`, `.yaml` or `.yml`.
 *
 * @param named - the folder that somebody named, which has to be there; else `projections` beside the workflows, if it is
 * @throws AppError `node/unreadable-projection`, `projection/bad-declaration` with the file
 */
async function readProjections(
  named: string | undefined,
  workflows: string,
): Promise<readonly Declaration[]> {
  const folder = named ?? path.join(workflows, 'projections')
  const names = await readdir(folder).catch((cause: unknown) => {
    if (named === undefined && (cause as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw unreadable(folder, cause)
  })
  const files = names.filter((name) => /\.(json|ya?ml)$/.test(name)).sort()
  return Promise.all(files.map((name) => readProjectionFile(path.join(folder, name))))
}

/** The declaration in a file. @throws AppError as above */
export async function readProjectionFile(file: string): Promise<Declaration> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw unreadable(file, cause)
  })
  try {
    return readDeclaration(text)
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause
    const { code, data } = cause
    throw new AppError({ code, message: `${file}: ${cause.message}`, data, cause })
  }
}

/** Has the projections written in the transaction that changes events. */
export function withProjections(handler: EventHandler, { changed }: Projections): EventHandler {
  return changed === undefined ? handler : { ...handler, changed }
}

/** How the projections are, in a sentence. @throws Error where one cannot go on */
export async function projectionsDetail(projections: Projections): Promise<string> {
  const all = await projections.list()
  const declared = all.filter(({ state }) => state !== 'undeclared')
  if (declared.length === 0) return 'none declared'
  const stopped = declared.find(({ state }) => state === 'stopped')
  if (stopped) throw new Error(`"${stopped.name}" stopped: ${stopped.problem}`)
  const busy = declared.filter(({ state }) => state !== 'ready')
  if (busy.length === 0) return `${declared.length} ready`
  return busy
    .map(({ name, state, problem }) => `"${name}" is ${state}${problem ? `: ${problem}` : ''}`)
    .join('; ')
}

function unreadable(file: string, cause: unknown): AppError {
  const message = `${file} cannot be read: ${fileReason(cause)}`
  return new AppError({ code: 'node/unreadable-projection', message, cause })
}
