/** Runs files of tests of workflows, with what a node would give to them. */

import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { allocationTokenAbi } from '../abi/allocation-token.gen.ts'
import { depositVaultAbi } from '../abi/deposit-vault.gen.ts'
import { streamAnchorAbi } from '../abi/stream-anchor.gen.ts'
import { AppError } from '../base/app-error.ts'
import { fileReason } from '../base/file-reason.ts'
import { silentLogger } from '../base/logger.ts'
import { noMetrics } from '../base/metrics.ts'
import { createNotifications, readNotificationOptions } from '../services/notifications.ts'
import { createRecords } from '../services/records.ts'
import { servicesMigrations } from '../services/services-schema.ts'
import { createGuardedHttp } from '../workflow/guarded-http.ts'
import type { TestParts } from '../workflow/test-parts.ts'
import { type CaseReport, readWorkflowTests, runWorkflowTests } from '../workflow/workflow-tests.ts'
import { readTemplates } from './notification-wiring.ts'
import { subscriptionsOf, workflowHandler } from './workflow-wiring.ts'

/** A case of a file, as it ended. */
export interface TestedCase extends CaseReport {
  readonly file: string
}

/**
 * Runs the cases of files, in their order. The definition of `pay.test.yaml` is what it names, or `pay.workflow.yaml`,
 * `pay.yaml` (or `.yml`, `.json`) beside it. Functions that only write into the database run as they are, on one in memory.
 *
 * @throws AppError `node/unreadable-workflow`, `workflow/bad-test-file`, `workflow/bad-definition`
 */
export async function* testWorkflows(
  files: readonly string[],
  only?: string,
): AsyncGenerator<TestedCase> {
  for (const name of files) {
    const file = readWorkflowTests(await textOf(name), name)
    const folder = path.dirname(name)
    const definitions = [await definitionOf(name, file.workflow)]
    for (const other of file.also) definitions.push(await textOf(path.join(folder, other)))
    const parts = await partsOf(folder)
    for await (const report of runWorkflowTests({ file, definitions }, parts, only)) {
      yield { file: name, ...report }
    }
  }
}

async function definitionOf(test: string, named: string | undefined): Promise<string> {
  const folder = path.dirname(test)
  if (named !== undefined) return textOf(path.join(folder, named))
  const stem = path.basename(test).replace(/\.test\.(ya?ml|json)$/, '')
  const endings = ['yaml', 'yml', 'json']
  const candidates = ['.workflow.', '.'].flatMap((part) =>
    endings.map((ending) => path.join(folder, `${stem}${part}${ending}`)),
  )
  for (const candidate of candidates) {
    const text = await readFile(candidate, 'utf8').catch(() => undefined)
    if (text !== undefined && candidate !== test) return text
  }
  const message = `${test} does not name its definition, and there is none of ${candidates.map((one) => path.basename(one)).join(', ')} beside it: add "workflow: FILE"`
  throw new AppError({ code: 'node/unreadable-workflow', message })
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((cause: unknown) => {
    const message = `${file} cannot be read: ${fileReason(cause)}`
    throw new AppError({ code: 'node/unreadable-workflow', message, cause })
  })
}

/** Notifications are put into their outbox, and nobody sends them. */
async function partsOf(folder: string): Promise<TestParts> {
  const templates = await readTemplates(path.join(folder, 'templates'))
  return {
    functions(world) {
      const all = { ...world, logger: silentLogger, metrics: noMetrics, templates }
      const http = createGuardedHttp({ allowHosts: [] })
      const notifications = createNotifications(readNotificationOptions({}, {}), { ...all, http })
      return { ...notifications.functions, 'record.write': createRecords(world).write }
    },
    migrations: servicesMigrations,
    contracts: [
      { name: 'allocationToken', abi: allocationTokenAbi },
      { name: 'depositVault', abi: depositVaultAbi },
      { name: 'streamAnchor', abi: streamAnchorAbi },
    ],
    subscriptions: subscriptionsOf,
    handler: workflowHandler,
  }
}
