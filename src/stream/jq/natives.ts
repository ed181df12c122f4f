/** All functions of values, by name and number of arguments. */

import type { Evaluation } from './budget.ts'
import { collectionNatives } from './collection-natives.ts'
import { dateNatives } from './date-natives.ts'
import { numberNatives } from './number-natives.ts'
import { regexNatives } from './regex-natives.ts'
import { textNatives } from './text-natives.ts'
import type { Value } from './values.ts'

/** Undefined is no output. */
type Native = (run: Evaluation, input: Value, ...args: Value[]) => Value | undefined

export const natives: Readonly<Record<string, Native | undefined>> = {
  ...collectionNatives,
  ...dateNatives,
  ...numberNatives,
  ...regexNatives,
  ...textNatives,
}
