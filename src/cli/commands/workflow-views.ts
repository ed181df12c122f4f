/** Subcommands of `workflow` that show runs: instances, show, logs. */

import { type ApiPage, askApi } from '../api-client.ts'
import { apiOrigin, listQuery, printPage } from '../api-lists.ts'
import { followApi } from '../api-stream.ts'
import type { Call } from '../command.ts'
import { numberOf, textOf } from '../flag-values.ts'
import { interrupted, interruption } from '../interruption.ts'
import {
  exitCodeOf,
  type InstanceRow,
  instancePath,
  type JournalRow,
  journalText,
  outcomeOf,
  type WorkflowActions,
} from './workflow-action.ts'

type Detail = InstanceRow & {
  readonly input: unknown
  readonly journal: readonly JournalRow[]
}

export const viewActions: WorkflowActions = {
  instances: {
    usage: '[--status S] [--workflow NAME]',
    does: 'Runs, newest first',
    words: [0, 0],
    run: instances,
  },
  show: {
    usage: 'INSTANCE [--data] [--limit N]',
    does: 'A run in time: its steps, input and output; --data with what each step got and gave',
    words: [1, 1],
    run: show,
  },
  logs: {
    usage: 'INSTANCE [--follow]',
    does: 'The lines of its journal; --follow waits for more, and ends with the run',
    words: [1, 1],
    run: (call, [id = '']) => (call.own.follow ? follow(call, id) : logs(call, id)),
  },
}

async function instances(call: Call): Promise<number> {
  const query = listQuery(call, {
    ...{ status: textOf(call, 'status'), workflow: textOf(call, 'workflow') },
  })
  const page = await askApi<ApiPage<InstanceRow>>(await apiOrigin(call), `/v1/instances?${query}`)
  return printPage(call, page, {
    instance: ({ id }) => id,
    workflow: ({ workflow }) => workflow,
    status: (one) => one.status,
    step: ({ step }) => step ?? '-',
    created: ({ createdAt }) => createdAt,
    reason: ({ reason }) => reason ?? '',
  })
}

async function detailOf(call: Call, id: string): Promise<Detail> {
  return askApi<Detail>(await apiOrigin(call), instancePath(id))
}

async function show(call: Call, [id = '']: readonly string[]): Promise<number> {
  const run = await detailOf(call, id)
  if (call.own.json) {
    console.log(JSON.stringify(run, null, 2))
    return 0
  }
  const { workflow, definitionHash, eventId, createdAt, journal } = run
  const beganMs = Date.parse(createdAt)
  console.log(`${workflow} ${run.id}: ${outcomeOf(run)}`)
  console.log(`began ${createdAt}, ${seconds(Date.parse(run.updatedAt) - beganMs)} to here`)
  console.log(`definition ${definitionHash}${eventId ? `, event ${eventId}` : ''}`)
  console.log(`input ${JSON.stringify(run.input)}`)
  if (run.output !== null) console.log(`output ${JSON.stringify(run.output)}`)
  if (run.problem !== null) console.log(`problem ${JSON.stringify(run.problem)}`)
  const limit = numberOf(call, 'limit', { least: 1, rest: 200, of: 'workflow' })
  const shown = journal.slice(-limit)
  const left = journal.length - shown.length
  console.log(left > 0 ? `\n… ${left} earlier lines; --limit shows more` : '')
  printPage(
    call,
    { items: shown, next: null },
    {
      '#': ({ seq }) => String(seq),
      after: ({ startedAt }) => seconds(Date.parse(startedAt) - beganMs),
      took: ({ startedAt, at }) => seconds(Date.parse(at) - Date.parse(startedAt)),
      step: ({ step }) => step,
      what: ({ kind, dropped }) => (dropped ? `${kind}, set aside` : kind),
      action: ({ action, attempt }) => (attempt > 1 ? `${action}, attempt ${attempt}` : action),
      ...(call.own.data
        ? {
            got: ({ input }: JournalRow) => JSON.stringify(input),
            gave: ({ output }: JournalRow) => JSON.stringify(output),
          }
        : {}),
      error: ({ error }) => error ?? '',
    },
  )
  return 0
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(3)} s`
}

function printLine(call: Call, entry: JournalRow): void {
  console.log(call.own.json ? JSON.stringify(entry) : journalText(entry))
}

async function logs(call: Call, id: string): Promise<number> {
  const { journal } = await detailOf(call, id)
  for (const entry of journal) printLine(call, entry)
  return 0
}

/** Ends with the run, whose outcome is the exit code. */
async function follow(call: Call, id: string): Promise<number> {
  const address = `${await apiOrigin(call)}${instancePath(id, '/events')}`
  const stop = interruption()
  type Told = InstanceRow & { readonly entry?: JournalRow }
  for await (const { event, data } of followApi<Told>(address, stop)) {
    if (event === 'journal' && data.entry) printLine(call, data.entry)
    if (event !== 'end') continue
    console.error(`run ${id} is ${outcomeOf(data)}`)
    return exitCodeOf(data)
  }
  return interrupted
}
