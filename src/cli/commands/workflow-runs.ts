/** Subcommands of `workflow` that start and steer runs: run, cancel, pause, resume, retry, replay, migrate. */

import type { Json } from '../../base/json-rpc.ts'
import { askApi, table } from '../api-client.ts'
import { apiOrigin } from '../api-lists.ts'
import { followApi } from '../api-stream.ts'
import type { Call } from '../command.ts'
import { badUsage, numberOf, textOf } from '../flag-values.ts'
import { interrupted, interruption } from '../interruption.ts'
import { jsonArgument, readText } from '../json-argument.ts'
import {
  exitCodeOf,
  type InstanceRow,
  instancePath,
  type JournalRow,
  journalText,
  outcomeOf,
  type WorkflowActions,
} from './workflow-action.ts'

interface Replay {
  readonly next: readonly { readonly step: string; readonly action: string }[]
  readonly differences: readonly {
    readonly step: string
    readonly journaled: string
    readonly asked: string | null
  }[]
  readonly output: unknown
  readonly problem: { readonly title?: string; readonly detail?: string } | null
}

export const runActions: WorkflowActions = {
  run: {
    usage: 'NAME [--input JSON|@FILE] [--id ID] [--version V] [--wait] [--timeout S]',
    does: 'Starts a run; with --wait the exit code tells how it ended',
    words: [1, 1],
    run: start,
  },
  cancel: {
    usage: 'INSTANCE [--reason R]',
    does: 'Cancels a run; what it has done is undone where its workflow says how',
    words: [1, 1],
    run: (call, [id = '']) => steer(call, { id, what: 'cancel', body: given(call, 'reason') }),
  },
  pause: {
    usage: 'INSTANCE',
    does: 'Lets a run rest; what is under way ends, and its result is kept',
    words: [1, 1],
    run: (call, [id = '']) => steer(call, { id, what: 'pause', body: {} }),
  },
  resume: {
    ...{ usage: 'INSTANCE', does: 'Lets a paused run go on', words: [1, 1] },
    run: (call, [id = '']) => steer(call, { id, what: 'resume', body: {} }),
  },
  retry: {
    usage: 'INSTANCE [--from STEP]',
    does: 'Goes on with a run that has ended: from what failed, or from a step such as /do/1/pay',
    words: [1, 1],
    run: (call, [id = '']) => {
      const step = textOf(call, 'from')
      return steer(call, { id, what: 'retry', body: step === undefined ? {} : { step } })
    },
  },
  migrate: {
    usage: 'INSTANCE [--to HASH]',
    does: 'Lets a waiting or paused run go on by another definition, the newest one unless named',
    words: [1, 1],
    run: migrate,
  },
  replay: {
    usage: 'INSTANCE [--definition FILE|HASH]',
    does: 'Runs it again on its journal, with no effect outside; exit code 2 where it would differ',
    words: [1, 1],
    run: replay,
  },
}

function given(call: Call, name: string): Readonly<Record<string, string>> {
  const value = textOf(call, name)
  return value === undefined ? {} : { [name]: value }
}

async function start(call: Call, [name = '']: readonly string[]): Promise<number> {
  const input = textOf(call, 'input')
  const body = {
    ...(input === undefined ? {} : { input: await jsonArgument(input, 'input') }),
    ...{ ...given(call, 'id'), ...given(call, 'version'), ...given(call, 'namespace') },
  }
  const origin = await apiOrigin(call)
  const path = `/v1/workflows/${encodeURIComponent(name)}/run`
  const begun = await askApi<InstanceRow>(origin, path, { method: 'POST', body })
  if (!call.own.wait) {
    console.log(call.own.json ? JSON.stringify(begun, null, 2) : begun.id)
    return 0
  }
  return waitFor(call, origin, begun)
}

/** Tells the steps on stderr, and prints the output when it has ended. */
async function waitFor(call: Call, origin: string, { id }: InstanceRow): Promise<number> {
  console.error(`run ${id}`)
  const seconds = numberOf(call, 'timeout', { least: 1, rest: 0, of: 'workflow' })
  const stop = interruption()
  const late = seconds > 0 ? AbortSignal.timeout(seconds * 1_000) : undefined
  const signal = late ? AbortSignal.any([stop, late]) : stop
  type Told = InstanceRow & { readonly entry?: JournalRow }
  for await (const { event, data } of followApi<Told>(
    `${origin}${instancePath(id, '/events')}`,
    signal,
  )) {
    if (event === 'journal' && data.entry) console.error(journalText(data.entry))
    if (event !== 'end') continue
    if (call.own.json) console.log(JSON.stringify(data, null, 2))
    else if (data.status === 'completed') console.log(JSON.stringify(data.output, null, 2))
    if (data.status !== 'completed') console.error(`run ${id} is ${outcomeOf(data)}`)
    return exitCodeOf(data)
  }
  const rest = `it goes on: "quantumstream workflow logs ${id} --follow" tells how`
  console.error(`run ${id} has not ended${late?.aborted ? ` within ${seconds} s` : ''}; ${rest}`)
  return stop.aborted ? interrupted : exitCodeOf({ status: 'running' })
}

async function steer(
  call: Call,
  { id, what, body }: { id: string; what: string; body: Readonly<Record<string, Json>> },
): Promise<number> {
  const path = instancePath(id, `/${what}`)
  const run = await askApi<InstanceRow>(await apiOrigin(call), path, { method: 'POST', body })
  tell(call, run)
  return 0
}

function tell(call: Call, run: InstanceRow): void {
  if (call.own.json) console.log(JSON.stringify(run, null, 2))
  else console.log(`run ${run.id} is ${outcomeOf(run)}`)
}

async function migrate(call: Call, [id = '']: readonly string[]): Promise<number> {
  const origin = await apiOrigin(call)
  const definition = textOf(call, 'to') ?? (await newestOf(origin, id))
  const body = { definition }
  const path = instancePath(id, '/migrate')
  const run = await askApi<InstanceRow>(origin, path, { method: 'POST', body })
  if (call.own.json) tell(call, run)
  else console.log(`run ${id} is ${outcomeOf(run)}; it goes on by ${run.definitionHash}`)
  return 0
}

async function newestOf(origin: string, id: string): Promise<string> {
  const run = await askApi<InstanceRow>(origin, instancePath(id))
  const { namespace, workflow, definitionHash } = run
  const path = `/v1/workflows/${encodeURIComponent(`${namespace}/${workflow}`)}`
  const { hash } = await askApi<{ hash: string }>(origin, path)
  if (hash !== definitionHash) return hash
  throw badUsage('workflow', `run ${id} has the newest definition of "${workflow}" already`)
}

async function replay(call: Call, [id = '']: readonly string[]): Promise<number> {
  const other = textOf(call, 'definition')
  const isHash = other !== undefined && /^[0-9a-f]{64}$/.test(other)
  const body =
    other === undefined ? {} : isHash ? { definition: other } : { source: await readText(other) }
  const path = instancePath(id, '/replay')
  const report = await askApi<Replay>(await apiOrigin(call), path, { method: 'POST', body })
  if (call.own.json) console.log(JSON.stringify(report, null, 2))
  else console.log(replayText(report))
  return report.differences.length === 0 ? 0 : 2
}

function replayText({ next, differences, output, problem }: Replay): string {
  const ends =
    problem !== null
      ? `it fails: ${problem.detail ?? problem.title ?? 'without a reason'}`
      : next.length === 0
        ? `it completes with ${JSON.stringify(output)}`
        : `it goes on; next:\n${table(
            ['step', 'action'],
            next.map(({ step, action }) => [step, action]),
          )}`
  if (differences.length === 0) return `the journal fits the definition; ${ends}`
  const rows = differences.map(({ step, journaled, asked }) => [
    ...[step, journaled, asked ?? '(never asked for)'],
  ])
  const head = ['step', 'in the journal', 'by the definition']
  return `the definition differs from the journal:\n${table(head, rows)}\n\n${ends}`
}
