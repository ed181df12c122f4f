/** Holds the workflow language to its specification: the published schema, its examples, and the conformance kit. */

import assert from 'node:assert/strict'
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { describe, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { default as formats } from 'ajv-formats'
import { parse } from 'yaml'
import type { Json } from '../../src/base/json-rpc.ts'
import type { CloudEvent } from '../../src/workflow/durable-context.ts'
import { shapeProblems } from '../../src/workflow/language/definition-shape.ts'
import { readDefinition } from '../../src/workflow/read-definition.ts'
import { runInMemory, type Stimulus } from '../../src/workflow/test-world/memory-context.ts'
import { MemoryInstance } from '../../src/workflow/test-world/memory-instance.ts'
import { skipVectors, vectorFolder } from './vectors.ts'
import { everything } from './workflow/everything.ts'
import { runFeatures } from './workflow/features.ts'
import { mutations } from './workflow/mutations.ts'
import { startServices } from './workflow/services.ts'

const folder = path.join(vectorFolder, 'workflow')

async function texts(name: string): Promise<readonly (readonly [string, string])[]> {
  const files = (await readdir(path.join(folder, name))).sort()
  return Promise.all(
    files.map(
      async (file) => [file, await readFile(path.join(folder, name, file), 'utf8')] as const,
    ),
  )
}

describe('the workflow language', { skip: skipVectors() }, () => {
  test('accepts and refuses what the published schema does, in thousands of changed documents', async () => {
    const ajv = new Ajv2020({ strict: false })
    formats.default(ajv)
    const schema = await readFile(path.join(folder, 'workflow.schema.json'), 'utf8')
    const validate = ajv.compile(JSON.parse(schema) as object)
    const documents = [
      everything,
      ...(await texts('examples')).map(([, text]) => parse(text) as Json),
    ]
    let checked = 0
    for (const document of documents) {
      assert.deepEqual(shapeProblems(document), [])
      for (const { how, document: changed } of mutations(document)) {
        assert.equal(shapeProblems(changed).length === 0, validate(changed), how)
        checked += 1
      }
    }
    assert.ok(checked > 6_000, String(checked))
  })

  test('loads the 66 examples, and refuses the 3 invalid documents at their lines', async () => {
    const examples = await texts('examples')
    assert.equal(examples.length, 66)
    for (const [file, text] of examples) {
      assert.ok(readDefinition(text, { functions: {} }).name, file)
    }
    const places = await texts('invalid')
    const messages = places.map(([, text]) => {
      try {
        readDefinition(text, { functions: {} })
        return 'accepted'
      } catch (error) {
        return (error as Error).message
      }
    })
    assert.match(messages[0] ?? '', /line 12, column 7: do\[0\]\.getPet\.foo: is unknown/)
    assert.match(
      messages[1] ?? '',
      /line 6, column \d: the definition: Map keys must be unique; no YAML/,
    )
    assert.match(messages[2] ?? '', /line 7, column 5: do\[0\]: has 2 names \(getPet, setMessage\)/)
  })

  test('runs the examples that need no service', async () => {
    const heard = (type: string, data: Json): Stimulus => ({
      afterMs: 10,
      act: (instance) => {
        instance.publish({ specversion: '1.0', id: '1', source: '/s', type, data } as CloudEvent)
      },
    })
    const hospital = 'com.fake-hospital.vitals.measurements'
    const fever = heard(`${hospital}.temperature`, { temperature: 39 })
    const pulse = heard(`${hospital}.bpm`, { bpm: 50 })
    const scenes: Readonly<Record<string, readonly [Json, readonly Stimulus[], object]>> = {
      'listen-to-all': [{}, [fever, pulse], { output: [{ temperature: 39 }, { bpm: 50 }] }],
      'listen-to-any-filter': [{}, [fever], { output: [{ temperature: 39 }] }],
      'listen-to-any': [{}, [heard('x', 1)], { output: [1] }],
      'listen-to-any-until-condition': [
        {},
        [1, 2, 3, 4, 5].map((n) => heard('x', n)),
        { output: [1, 2, 3, 4] },
      ],
      'listen-to-any-until-consumed': [
        {},
        [fever, heard('com.fake-hospital.patient.checked-out', null), pulse],
        { output: [{ temperature: 39 }] },
      ],
      'raise-inline': [
        {},
        [],
        { problem: { title: 'Not Implemented', instance: '/do/0/notImplemented' } },
      ],
      'raise-reusable': [
        {},
        [],
        {
          problem: {
            detail:
              "The workflow 'raise-not-implemented:0.1.0' is a work in progress and cannot be run yet",
          },
        },
      ],
      set: [[{ a: 1 }], [], { output: { startEvent: { a: 1 } } }],
      'set-expression': [[{ a: 1 }], [], { output: { a: 1 } }],
      'switch-then-string': [
        { orderType: 'physical' },
        [],
        { output: { items: 1, address: 'Elmer St' } },
      ],
      'wait-duration-inline': [{ a: 1 }, [], { output: { a: 1 } }],
      'wait-duration-iso8601': [{ a: 1 }, [], { output: { a: 1 } }],
      emit: [{}, [], { output: { type: 'com.petstore.order.placed.v1' } }],
    }
    for (const [name, [input, stimuli, expected]] of Object.entries(scenes)) {
      const text = await readFile(path.join(folder, 'examples', `${name}.yaml`), 'utf8')
      const ending = await runInMemory(
        new MemoryInstance(),
        readDefinition(text, { functions: {} }),
        { input, stimuli },
      )
      assert.partialDeepStrictEqual(ending, expected, name)
    }
  })

  test('passes the conformance kit', async (t) => {
    const services = await startServices()
    t.after(() => services.stop())
    const { passed, failures } = await runFeatures(path.join(folder, 'ctk'), services.functions)
    assert.deepEqual(failures, [])
    assert.equal(passed, 21)
  })
})
