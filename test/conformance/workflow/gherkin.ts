/** Reads feature files: the part of Gherkin that the workflow language's conformance kit is written in. */

/** One step of a scenario. */
export interface Step {
  /** Without its keyword, and without a colon at its end. */
  readonly text: string
  /** What stands between the quotes below it. */
  readonly argument?: string
  readonly line: number
}

/** A scenario, with the steps of the background before its own. */
export interface Scenario {
  readonly feature: string
  readonly name: string
  readonly steps: readonly Step[]
}

interface Draft {
  readonly name: string
  readonly steps: Step[]
  readonly outline: boolean
  readonly rows: string[][]
}

const stepKeyword = /^(?:Given|When|Then|And|But|\*)\s+(.*)$/i
const head =
  /^(Feature|Background|Scenario Outline|Scenario Template|Scenario|Example|Examples|Scenarios|Rule)\s*:(.*)$/

/**
 * The scenarios of a feature file; an outline gives one for each row of its examples.
 *
 * @throws Error with the line, for a text that is none
 * @see the Gherkin reference: Feature, Background, Scenario, Scenario Outline with Examples, doc strings, comments, tags
 */
export function parseFeature(text: string): Scenario[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/)
  let feature = ''
  const background: Step[] = []
  const drafts: Draft[] = []
  let into: Step[] | undefined
  let table: string[][] | undefined
  for (let at = 0; at < lines.length; at += 1) {
    const line = (lines[at] ?? '').trim()
    if (line === '' || line.startsWith('#') || line.startsWith('@')) continue
    const [, kind, name = ''] = head.exec(line) ?? []
    if (kind !== undefined) {
      table = undefined
      if (kind === 'Feature') feature = name.trim()
      else if (kind === 'Background') into = background
      else if (kind === 'Examples' || kind === 'Scenarios') table = drafts.at(-1)?.rows
      else if (kind !== 'Rule') {
        const draft = {
          name: name.trim(),
          steps: [],
          rows: [],
          outline: kind.startsWith('Scenario '),
        }
        drafts.push(draft)
        into = draft.steps
      }
      continue
    }
    if (line.startsWith('|')) {
      table?.push(
        line
          .split('|')
          .slice(1, -1)
          .map((cell) => cell.trim()),
      )
      continue
    }
    const quotes = /^("""|```)/.exec(line)?.[1]
    if (quotes !== undefined) {
      const { argument, end } = docString(lines, at, quotes)
      const last = into?.pop()
      if (last === undefined) throw new Error(`line ${at + 1}: a text that belongs to no step`)
      into?.push({ ...last, argument })
      at = end
      continue
    }
    const step = stepKeyword.exec(line)?.[1]
    // Free text describes a feature; within a scenario there is none.
    if (step === undefined && into === undefined) continue
    if (step === undefined) throw new Error(`line ${at + 1}: "${line}" is no step`)
    into?.push({ text: step.replace(/:$/, '').trim(), line: at + 1 })
  }
  return drafts.flatMap((draft) => scenariosOf(draft, { feature, background }))
}

function docString(lines: readonly string[], at: number, quotes: string) {
  const opening = lines[at] ?? ''
  const indent = opening.indexOf(quotes)
  const end = lines.findIndex((line, index) => index > at && line.trim() === quotes)
  if (end < 0) throw new Error(`line ${at + 1}: the text has no end`)
  const body = lines.slice(at + 1, end)
  return { end, argument: body.map((line) => unindented(line, indent)).join('\n') }
}

function unindented(line: string, indent: number): string {
  const own = line.length - line.trimStart().length
  return line.slice(Math.min(own, indent))
}

function scenariosOf(
  { name, steps, outline, rows }: Draft,
  { feature, background }: { readonly feature: string; readonly background: readonly Step[] },
): Scenario[] {
  const all = [...background, ...steps]
  if (!outline) return [{ feature, name, steps: all }]
  const [names = [], ...values] = rows
  return values.map((row) => {
    const filled = (text: string) =>
      names.reduce((seen, column, at) => seen.replaceAll(`<${column}>`, row[at] ?? ''), text)
    return {
      feature,
      name: `${filled(name)} (${row.join(', ')})`,
      steps: all.map((step) => ({
        ...step,
        text: filled(step.text),
        ...(step.argument === undefined ? {} : { argument: filled(step.argument) }),
      })),
    }
  })
}
