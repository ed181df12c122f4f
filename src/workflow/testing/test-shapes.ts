/** The shape of a file of tests of a workflow. */

import { parseDocument } from 'yaml'
import { z } from 'zod'
import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { Json } from '../../base/json-rpc.ts'
import { durationMs } from '../language/durations.ts'

/** Longest file, in characters; most cases of one, and most that happens in a case. */
const [maxLength, maxCases, maxHappenings] = [1024 * 1024, 1_000, 1_000]

const json = z.json() as unknown as z.ZodType<Json>
const duration = z
  .union([z.string(), z.record(z.string(), z.number())])
  .transform((value, context) => {
    const ms = durationMs(value)
    if (ms !== undefined) return ms
    context.addIssue({ code: 'custom', message: 'must be a duration such as PT5S or {seconds: 5}' })
    return z.NEVER
  })
const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, 'must be an address')
  .transform((text) => text.toLowerCase() as Hex)

const chainEvent = z.strictObject({
  event: z.string().optional(),
  contract: z.string().optional(),
  args: z.record(z.string(), json).default({}),
})

const cloudEvent = z.strictObject({
  id: z.string().optional(),
  source: z.string().default('/test'),
  type: z.string(),
  subject: z.string().optional(),
  data: json.optional(),
})

const outcome = z.strictObject({
  answer: json.optional(),
  error: z
    .strictObject({
      type: z.string().default('runtime'),
      status: z.number().int().optional(),
      title: z.string().optional(),
      detail: z.string().optional(),
    })
    .optional(),
  fails: z.string().optional(),
  retry: z.enum(['never', 'later', 'now']).default('later'),
  reverts: z.string().optional(),
  waits: z.string().optional(),
  never: z.literal(true).optional(),
  after: duration.optional(),
})

const answer = z.strictObject({
  to: z.string().optional(),
  who: z.string().default('tester'),
  answer: json,
})

const expectation = z.strictObject({
  status: z
    .enum([
      ...(['not-started', 'running', 'waiting', 'paused', 'completed'] as const),
      ...(['failed', 'cancelled', 'retracted'] as const),
    ])
    .optional(),
  output: json.optional(),
  problem: z.record(z.string(), json).optional(),
  steps: z.array(z.string()).optional(),
  undone: z.array(z.string()).optional(),
  calls: z
    .array(
      z.strictObject({
        call: z.string().optional(),
        step: z.string().optional(),
        with: json.optional(),
      }),
    )
    .optional(),
  instances: z.number().int().min(0).optional(),
  where: z.string().optional(),
})

const happening = z
  .strictObject({
    mine: z.number().int().min(1).max(10_000),
    finalize: z.literal(true),
    reorganise: z.union([
      z.number().int().min(1).max(128),
      z.strictObject({
        depth: z.number().int().min(1).max(128),
        keeps: z.boolean().default(false),
      }),
    ]),
    retract: z.literal(true),
    comeBack: z.literal(true),
    wait: duration,
    event: chainEvent,
    cloudEvent,
    answer,
    cancel: z.string(),
    pause: z.literal(true),
    resume: z.literal(true),
    retry: z.union([z.literal(true), z.string()]),
    restart: z.literal(true),
    expect: expectation,
  })
  .partial()
  .refine((one) => Object.keys(one).length === 1, 'must be one thing that happens')

const testCase = z
  .strictObject({
    name: z.string().min(1),
    input: json.optional(),
    event: chainEvent.optional(),
    cloudEvent: cloudEvent.optional(),
    stubs: z.record(z.string(), z.union([outcome, z.array(outcome).min(1)])).default({}),
    answers: z.array(answer).default([]),
    do: z.array(happening).max(maxHappenings).default([]),
    /** Whether blocks and time go on by themselves behind what is listed, until the run has ended. */
    settles: z.boolean().default(true),
    expect: expectation.optional(),
  })
  .refine(
    ({ expect, do: list }) =>
      [expect, ...list.map((one) => one.expect)].some((one) => Object.keys(one ?? {}).length > 0),
    'expects nothing, so that it could not fail',
  )

const testFile = z.strictObject({
  workflow: z.string().optional(),
  also: z.array(z.string()).default([]),
  chain: z.string().default('dev'),
  contracts: z.record(z.string(), address).default({}),
  secrets: z.record(z.string(), json).default({}),
  stubs: z.record(z.string(), z.union([outcome, z.array(outcome).min(1)])).default({}),
  startsAt: z.iso.datetime().default('2026-01-01T00:00:00Z'),
  cases: z.array(testCase).min(1).max(maxCases),
})

export type TestFile = z.infer<typeof testFile>
export type TestCase = z.infer<typeof testCase>
export type Happening = z.infer<typeof happening>
export type Outcome = z.infer<typeof outcome>
export type Expectation = z.infer<typeof expectation>
export type ChainEventOf = z.infer<typeof chainEvent>
export type CloudEventOf = z.infer<typeof cloudEvent>
export type AnswerOf = z.infer<typeof answer>

/** Reads a file of tests. @throws AppError `workflow/bad-test-file`: each problem with its place, and line and column */
export function readTestFile(text: string, file: string): TestFile {
  if (text.length > maxLength) throw bad(file, [`it has over ${maxLength} characters`])
  const document = parseDocument(text)
  const [error] = document.errors
  if (error) throw bad(file, [error.message.split('\n', 1)[0] ?? error.code])
  const read = testFile.safeParse(document.toJS({ maxAliasCount: 100 }))
  if (read.success) return read.data
  const problems = read.error.issues.slice(0, 20).map(({ path, message }) => {
    const node = path.length === 0 ? undefined : document.getIn(path, true)
    const offset = (node as { readonly range?: readonly number[] } | undefined)?.range?.[0]
    const before = offset === undefined ? undefined : text.slice(0, offset).split('\n')
    const place = before
      ? `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: `
      : ''
    return `${place}${path.join('.') || 'the file'}: ${message}`
  })
  throw bad(file, problems)
}

function bad(file: string, problems: readonly string[]): AppError {
  const message = `${file} is no file of tests:\n${problems.join('\n')}`
  return new AppError({ code: 'workflow/bad-test-file', message })
}
