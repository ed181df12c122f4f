/** Writes the checked-in description of the API, from which a test holds it to the code. */

import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { apiDocument } from '../src/api/api.ts'

const file = path.join(import.meta.dirname, '../docs/openapi.json')
await writeFile(file, `${JSON.stringify(apiDocument(), null, 2)}\n`)
console.log(`written: ${file}`)
