/** Defines how a method is described: what it is for, its parameters, its result, its errors. */

/**
 * Text, parameters (`name: Type`, with a question mark behind the name of one that may be left out), result, and codes
 * of errors beyond those that every method has.
 */
export type Description = readonly [
  text: string,
  parameters: readonly string[],
  result: string,
  errors?: readonly number[],
]

/** Descriptions by method. */
export type Descriptions = Readonly<Record<string, Description>>
