/** Reads files in jq's test form: blocks of a program, an input, and the outputs. */

/** One block; a program that must not compile has no input. */
export interface Block {
  readonly line: number
  readonly program: string
  readonly input: string | undefined
  readonly outputs: readonly string[]
}

function isGap(line: string): boolean {
  return /^[ \t]*(#|$)/.test(line)
}

/**
 * The blocks of a file, as jq's own runner reads them: lines that are empty or begin with `#` lie between blocks and
 * end them, `%%FAIL` stands before a program that must not compile, and what follows that one is jq's message.
 */
export function readBlocks(text: string): readonly Block[] {
  const lines = text.split(/\r?\n/)
  const blocks: Block[] = []
  for (let at = 0; at < lines.length; at += 1) {
    if (isGap(lines[at] ?? '')) continue
    const mustFail = /^%%FAIL/.test(lines[at] ?? '')
    if (mustFail) at += 1
    const [line, program] = [at + 1, lines[at] ?? '']
    const rest: string[] = []
    const first = mustFail ? undefined : lines[at + 1]
    if (!mustFail) at += 1
    while (at + 1 < lines.length && !isGap(lines[at + 1] ?? '')) {
      at += 1
      rest.push(lines[at] ?? '')
    }
    blocks.push({ line, program, input: first, outputs: mustFail ? [] : rest })
  }
  return blocks
}
