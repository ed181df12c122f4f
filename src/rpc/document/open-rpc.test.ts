/** Holds the descriptions of methods to the table of methods. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defaultLimits } from '../limits.ts'
import { allMethods } from '../methods/all-methods.ts'
import { describedMethods, describedParameters, openRpcDocument } from './open-rpc.ts'

test('all methods are described, and nothing else, with as many parameters as they read', () => {
  const methods = allMethods(defaultLimits, { isDevelopment: true, hasMany: true })
  assert.deepEqual([...describedMethods()].sort(), [...methods.keys()].sort())
  for (const [name, { parameters }] of methods) {
    assert.equal(describedParameters(name), parameters, name)
  }
})

test('all references lead somewhere', () => {
  const document = openRpcDocument(describedMethods())
  const text = JSON.stringify(document)
  const components = document.components as Record<string, Record<string, unknown>>
  const places = [...text.matchAll(/"#\/components\/(\w+)\/(\w+)"/g)]
  assert.ok(places.length > 100)
  for (const [, group = '', name = ''] of places) {
    assert.ok(components[group]?.[name], `${group}/${name}`)
  }
})
