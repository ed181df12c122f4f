/** Subcommands of `workflow` about definitions: list, check, expand, import, deploy, test. */

import { AppError } from '../../base/app-error.ts'
import type { TestedCase } from '../../node/workflow-testing.ts'
import { type ApiPage, askApi } from '../api-client.ts'
import { apiOrigin, listQuery, printPage } from '../api-lists.ts'
import type { Call } from '../command.ts'
import { badUsage, textOf } from '../flag-values.ts'
import { readText } from '../json-argument.ts'
import type { WorkflowActions } from './workflow-action.ts'

interface WorkflowRow {
  readonly name: string
  readonly version: string
  readonly title: string
  readonly hash: string
  readonly event: string | null
  readonly steps: readonly unknown[]
}

interface Deployment {
  readonly workflow: WorkflowRow
  readonly isNew: boolean
  readonly replaced: string | null
}

export const definitionActions: WorkflowActions = {
  list: { usage: '', does: 'Deployed workflows', words: [0, 0], run: list },
  check: {
    ...{ usage: 'FILE', does: 'Checks a definition, by line and column', words: [1, 1] },
    run: (_, [file = '']) => check(file),
  },
  expand: {
    ...{ usage: 'FILE', does: 'Prints the full definition of a short one', words: [1, 1] },
    async run(_, [file = '']) {
      const { expandWorkflow } = await import('../../node/workflow-folder.ts')
      process.stdout.write(expandWorkflow(await readText(file)))
      return 0
    },
  },
  import: {
    usage: 'FILE --from asl|defender',
    does: 'Prints a definition of another language as one of ours',
    words: [1, 1],
    async run(call, [file = '']) {
      const { importWorkflow } = await import('../../node/workflow-folder.ts')
      process.stdout.write(importWorkflow(await readText(file), String(call.own.from ?? '')))
      return 0
    },
  },
  deploy: {
    usage: 'FILE…',
    does: 'Checks definitions and has new runs begin with them, also after a restart of the node',
    words: [1, 50],
    run: deploy,
  },
  test: {
    usage: 'FILE… [--only TEXT]',
    does: 'Runs tests such as pay.test.yaml, without a node; exit code 1 if one fails',
    words: [1, 50],
    run: test,
  },
}

/** As lines of text, or with --json as one document. */
async function test(call: Call, files: readonly string[]): Promise<number> {
  const cases: TestedCase[] = []
  let file = ''
  const { testWorkflows } = await import('../../node/workflow-testing.ts')
  for await (const one of testWorkflows(files, textOf(call, 'only'))) {
    cases.push(one)
    if (call.own.json) continue
    if (one.file !== file) console.log(one.file)
    file = one.file
    console.log(`  ${one.ok ? 'ok  ' : 'FAIL'} ${one.name}`)
    for (const problem of one.problems) console.log(`       ${problem.replace(/\n/g, '\n       ')}`)
  }
  const passed = cases.filter(({ ok }) => ok).length
  const failed = cases.length - passed
  if (call.own.json) console.log(JSON.stringify({ passed, failed, cases }, null, 2))
  else console.log(`${passed} passed, ${failed} failed`)
  if (cases.length > 0) return failed === 0 ? 0 : 1
  throw badUsage('workflow', `no case has "${textOf(call, 'only')}" in its name`)
}

async function list(call: Call): Promise<number> {
  const path = `/v1/workflows?${listQuery(call, {})}`
  const page = await askApi<ApiPage<WorkflowRow>>(await apiOrigin(call), path)
  return printPage(call, page, {
    name: ({ name }) => name,
    version: ({ version }) => version,
    steps: ({ steps }) => String(steps.length),
    hash: ({ hash }) => hash.slice(0, 16),
    event: ({ event }) => event ?? '-',
  })
}

async function check(file: string): Promise<number> {
  const { checkWorkflow } = await import('../../node/workflow-folder.ts')
  const { name, steps } = checkWorkflow(await readText(file), file)
  console.log(`${file}: "${name}" is a valid workflow of ${steps} steps`)
  return 0
}

/** All files are checked before the first is deployed. */
async function deploy(call: Call, files: readonly string[]): Promise<number> {
  const texts: { file: string; definition: string }[] = []
  for (const file of files) {
    const definition = await readText(file)
    await mustBeGood(definition, file)
    texts.push({ file, definition })
  }
  const origin = await apiOrigin(call)
  for (const { file, definition } of texts) {
    const body = { definition }
    const deployed = await askApi<Deployment>(origin, '/v1/workflows', { method: 'POST', body })
    if (call.own.json) console.log(JSON.stringify(deployed))
    else console.log(`${file}: ${deploymentText(deployed)}`)
  }
  return 0
}

async function mustBeGood(text: string, file: string): Promise<void> {
  const { checkWorkflow } = await import('../../node/workflow-folder.ts')
  try {
    checkWorkflow(text, file)
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause
    const message = `${file} is not deployed: ${cause.message}`
    throw new AppError({ code: cause.code, message, cause })
  }
}

function deploymentText({ workflow, isNew, replaced }: Deployment): string {
  const { name, version, hash } = workflow
  const what = `"${name}" ${version}, ${hash}`
  if (!isNew) return `${what} is deployed already`
  return `${what} is deployed${replaced === null ? '' : `; it replaces ${replaced}, on which runs that have begun end`}`
}
