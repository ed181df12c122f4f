/** The command `workflow`: checks definitions, and shows workflows and instances of a running node. */

import { readFile } from 'node:fs/promises'
import { AppError } from '../../base/app-error.ts'
import { fileReason } from '../../base/file-reason.ts'
import { checkWorkflow, expandWorkflow, importWorkflow } from '../../node/workflow-folder.ts'
import { type ApiPage, askApi } from '../api-client.ts'
import type { Call, Command } from '../command.ts'
import { apiOrigin, listQuery, printPage } from './chain.ts'

interface WorkflowRow {
  readonly name: string
  readonly title: string
  readonly hash: string
  readonly event: string
  readonly steps: readonly unknown[]
}

interface InstanceRow {
  readonly id: string
  readonly workflow: string
  readonly status: string
  readonly step: string | null
  readonly reason: string | null
  readonly createdAt: string
}

interface JournalRow {
  readonly seq: number
  readonly step: string
  readonly kind: string
  readonly at: string
  readonly error: string | null
}

export const workflowCommand: Command = {
  name: 'workflow',
  summary: 'Checks definitions, and shows the workflows and instances of a running node',
  usage:
    'list | instances [--status S] | show ID | check FILE | expand FILE | import FILE --from KIND',
  mostWords: 2,
  flags: [
    { name: 'status', value: 'S', description: 'running, waiting, completed, failed or cancelled' },
    { name: 'limit', value: 'N', description: 'Lines of a list, 1 to 200, default 20' },
    { name: 'cursor', value: 'C', description: 'Goes on where the list before ended' },
    { name: 'json', description: 'Prints JSON' },
    {
      ...{ name: 'from', value: 'KIND' },
      description: 'asl (Amazon States Language) or defender (OpenZeppelin Defender and Monitor)',
    },
  ],
  settings: ['apiHost', 'apiPort'],
  async run(call) {
    const [what = 'list', subject] = call.words
    if (what === 'import' && subject !== undefined) return importFile(subject, call)
    if (what === 'check' && subject !== undefined) return check(subject)
    if (what === 'expand' && subject !== undefined) return expand(subject)
    const origin = await apiOrigin(call)
    if (what === 'list') return showWorkflows(origin, call)
    if (what === 'instances') return showInstances(origin, call)
    if (what === 'show' && subject !== undefined) return showInstance(origin, call, subject)
    throw new AppError({
      code: 'cli/bad-usage',
      message: `"workflow ${call.words.join(' ')}" is not known or not whole; see "quantumstream workflow --help"`,
    })
  },
}

async function check(file: string): Promise<number> {
  const { name, steps } = checkWorkflow(await readFile(file, 'utf8').catch(noFile(file)), file)
  console.log(`${file}: "${name}" is a valid workflow of ${steps} steps`)
  return 0
}

/** Prints the full definition of a short one. */
async function expand(file: string): Promise<number> {
  process.stdout.write(expandWorkflow(await readFile(file, 'utf8').catch(noFile(file))))
  return 0
}

/** Prints a definition of another language as one of ours. */
async function importFile(file: string, call: Call): Promise<number> {
  const text = await readFile(file, 'utf8').catch(noFile(file))
  process.stdout.write(importWorkflow(text, String(call.own.from ?? '')))
  return 0
}

function noFile(file: string) {
  return (cause: Error): never => {
    const message = `${file} cannot be read: ${fileReason(cause)}`
    throw new AppError({ code: 'cli/unreadable-file', message, cause })
  }
}

async function showWorkflows(origin: string, call: Call): Promise<number> {
  const page = await askApi<ApiPage<WorkflowRow>>(origin, '/v1/workflows')
  return printPage(call, page, {
    name: ({ name }) => name,
    steps: ({ steps }) => String(steps.length),
    hash: ({ hash }) => hash.slice(0, 16),
    event: ({ event }) => event,
  })
}

async function showInstances(origin: string, call: Call): Promise<number> {
  const status = typeof call.own.status === 'string' ? call.own.status : undefined
  const query = listQuery(call, { status })
  const page = await askApi<ApiPage<InstanceRow>>(origin, `/v1/instances?${query}`)
  return printPage(call, page, {
    instance: ({ id }) => id,
    workflow: ({ workflow }) => workflow,
    status: (one) => one.status,
    step: ({ step }) => step ?? '-',
    created: ({ createdAt }) => createdAt,
    reason: ({ reason }) => reason ?? '',
  })
}

async function showInstance(origin: string, call: Call, id: string): Promise<number> {
  const path = `/v1/instances/${encodeURIComponent(id)}`
  const instance = await askApi<InstanceRow & { journal: readonly JournalRow[] }>(origin, path)
  if (call.own.json) {
    console.log(JSON.stringify(instance, null, 2))
    return 0
  }
  const { workflow, status, reason } = instance
  console.log(`${workflow} ${instance.id}: ${status}${reason ? ` (${reason})` : ''}\n`)
  return printPage(
    call,
    { items: instance.journal, next: null },
    {
      '#': ({ seq }) => String(seq),
      time: ({ at }) => at,
      step: ({ step }) => step,
      what: ({ kind }) => kind,
      error: ({ error }) => error ?? '',
    },
  )
}
