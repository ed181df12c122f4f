/** Lists blocks of jq's own tests that do not pass, each with the reason. */

/** By file and line of the program, such as `jq.test:1895`; there are none at present. */
export const knownFailures: Readonly<Record<string, string>> = {}
