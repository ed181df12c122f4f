/** Shows functions, deploys, calls and removes them. */

import { randomUUID } from 'node:crypto'
import { createRoute, type OpenAPIHono, z } from '@hono/zod-openapi'
import { AppError } from '../../base/app-error.ts'
import type { Json } from '../../base/json-rpc.ts'
import type { FunctionStatusDetail } from '../../workflow/function-registry.ts'
import { checkedSource } from '../../workflow/function-source.ts'
import { assertCall, type FunctionManifest, functionName } from '../../workflow/functions.ts'
import type { ApiDependencies } from '../api-dependencies.ts'
import * as functions from './function-shapes.ts'
import { reading } from './route.ts'
import { errors, jsonAnswer, pageOf, pageQuery } from './shapes.ts'
import { pageView } from './views.ts'

const params = z.object({ name: z.string().regex(functionName, 'expected the name of a function') })

/** Adds the routes. */
export function addFunctionRoutes(app: OpenAPIHono, from: ApiDependencies): void {
  addReadings(app, from)
  addRuns(app, from)
  addChanges(app, from)
  addInvocation(app, from)
}

function detailView(detail: FunctionStatusDetail) {
  return {
    ...functions.functionView(detail),
    versions: detail.versions.map(functions.versionView),
  }
}

function addReadings(app: OpenAPIHono, from: ApiDependencies): void {
  const list = reading('/v1/functions', {
    summary: 'Functions by name, with how their last runs went',
    answer: functions.FunctionListShape,
    request: { query: z.object(pageQuery) },
  })
  app.openapi(list, async (context) => {
    const { items, next, problems } = await from.functions.list(context.req.valid('query'))
    return context.json(
      {
        ...{ items: items.map(functions.functionView), next: next ?? null },
        ...{ providers: [...from.functions.providers], problems: [...problems] },
      },
      200,
    )
  })
  const one = reading('/v1/functions/{name}', {
    summary: 'One function with its versions',
    answer: functions.FunctionDetailShape,
    request: { params },
  })
  app.openapi(one, async (context) =>
    context.json(detailView(await from.functions.describe(context.req.valid('param').name)), 200),
  )
}

function addRuns(app: OpenAPIHono, from: ApiDependencies): void {
  const runs = reading('/v1/functions/{name}/runs', {
    summary: 'The last runs of a function, newest first',
    answer: pageOf(functions.FunctionRunShape),
    request: { params, query: z.object(pageQuery) },
  })
  app.openapi(runs, async (context) => {
    const { name } = context.req.valid('param')
    const page = await from.functions.runs(name, context.req.valid('query'))
    return context.json(await pageView(page, functions.runView), 200)
  })
  const logs = reading('/v1/functions/{name}/logs', {
    summary: 'What a function wrote lately, oldest first',
    answer: z.object({ items: z.array(functions.LogLineShape) }),
    request: { params, query: z.object({ limit: pageQuery.limit }) },
  })
  app.openapi(logs, async (context) => {
    const { name } = context.req.valid('param')
    const lines = await from.functions.logs(name, context.req.valid('query').limit)
    return context.json({ items: lines.map(functions.logView) }, 200)
  })
}

function addChanges(app: OpenAPIHono, from: ApiDependencies): void {
  const deploying = createRoute({
    ...{ method: 'put', path: '/v1/functions/{name}', operationId: 'deployFunction' },
    summary: 'Deploys a function, or goes back to a version of it',
    request: {
      params,
      body: { ...jsonAnswer('Files, or a version', functions.DeployBody), required: true },
    },
    responses: { 200: jsonAnswer('The function', functions.FunctionDetailShape), ...errors },
  })
  app.openapi(deploying, async (context) => {
    const { name } = context.req.valid('param')
    const { files, manifest = {}, provider, version } = context.req.valid('json')
    if ((files === undefined) === (version === undefined)) {
      const message = 'a deployment has either files or the version to go to'
      throw new AppError({ code: 'api/bad-request', message })
    }
    if (version !== undefined) {
      return context.json(detailView(await from.functions.activate(name, version)), 200)
    }
    const contents = Object.entries(files ?? {}).map(
      ([path, text]) => [path, Buffer.from(text, 'base64')] as const,
    )
    const source = checkedSource(new Map(contents), manifest as FunctionManifest)
    return context.json(detailView(await from.functions.deploy(name, source, provider)), 200)
  })
  const removing = createRoute({
    ...{ method: 'delete', path: '/v1/functions/{name}', request: { params } },
    ...{ operationId: 'removeFunction', summary: 'Removes a function with all its versions' },
    responses: { 204: { description: 'The function is gone' }, ...errors },
  })
  app.openapi(removing, async (context) => {
    await from.functions.remove(context.req.valid('param').name)
    return context.body(null, 204)
  })
}

function addInvocation(app: OpenAPIHono, from: ApiDependencies): void {
  const invoking = createRoute({
    ...{ method: 'post', path: '/v1/functions/{name}/invoke', operationId: 'invokeFunction' },
    summary: 'Calls a function and waits for its result',
    request: {
      params,
      body: { ...jsonAnswer('The payload', functions.InvokeBody), required: true },
    },
    responses: { 200: jsonAnswer('Its result', functions.FunctionResultShape), ...errors },
  })
  app.openapi(invoking, async (context) => {
    const { name } = context.req.valid('param')
    const given = context.req.valid('json')
    const { idempotencyKey = randomUUID() } = given
    const payload: Json = given.payload ?? null
    assertCall(name, payload)
    const { signal } = context.req.raw
    const beganMs = from.clock.nowMs()
    const output = await from.functions.invoke(name, payload, { idempotencyKey, signal })
    const ms = Math.max(0, from.clock.nowMs() - beganMs)
    return context.json({ output, ms, idempotencyKey }, 200)
  })
}
