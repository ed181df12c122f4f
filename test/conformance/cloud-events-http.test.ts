/** Runs the features of the CloudEvents project for its HTTP protocol binding. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { describe, test } from 'node:test'
import { decodeCloudEvents } from '../../src/stream/cloud-event-http.ts'
import { plainFile, skipVectors } from './vectors.ts'

interface Scenario {
  readonly name: string
  readonly text: string
}

/** Scenarios with their examples put in; the features use one placeholder each. */
function scenariosOf(feature: string): readonly Scenario[] {
  return feature
    .split('Scenario Outline: ')
    .slice(1)
    .flatMap((part) => {
      const [text = '', examples = ''] = part.split('Examples:')
      const [head, ...rows] = [...examples.matchAll(/\|\s*(.*?)\s*\|/g)].map(
        ([, cell = '']) => cell,
      )
      return rows.map((cell) => {
        const filled = text.replaceAll(`<${head}>`, cell)
        return { name: filled.split('\n', 1)[0] ?? '', text: filled }
      })
    })
}

/** The texts between triple quotes, without their indentation. */
function blocksOf(text: string): readonly string[] {
  return [...text.matchAll(/^( *)"""\n([\s\S]*?)^ *"""/gm)].map(([, indent = '', block = '']) =>
    block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )
}

describe('the HTTP protocol binding of CloudEvents', { skip: skipVectors() }, () => {
  const file = plainFile('cloudevents/http-protocol-binding.feature')
  const scenarios = skipVectors() ? [] : scenariosOf(readFileSync(file, 'utf8'))

  for (const { name, text } of scenarios)
    test(name, () => {
      const [message = '', data = ''] = blocksOf(text)
      const [head = '', ...body] = message.split('\n\n')
      const headers = Object.fromEntries(
        head
          .split('\n')
          .slice(1)
          .map((line) => line.split(/: (.*)/, 2))
          .map(([key = '', value = '']) => [key.toLowerCase(), value]),
      )
      const [event] = decodeCloudEvents({ headers, body: Buffer.from(body.join('\n\n')) })
      const expected = [...text.matchAll(/^\s+\|\s+(\w+) \| (.*?)\s*\|$/gm)]
        .map(([, key = '', value = '']) => [key, value])
        .filter(([key]) => key !== 'key')
      assert.equal(expected.length, 6)
      const found = { ...event, data: JSON.parse(data) }
      assert.deepEqual(event, { ...Object.fromEntries(expected), data: found.data })
    })

  test('has the four scenarios that are known', () => assert.equal(scenarios.length, 4))
})
