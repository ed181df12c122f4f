/** Runs one case: what starts the workflow, what happens then, and what is expected of it. */

import { AppError } from '../../base/app-error.ts'
import type { Hex } from '../../base/bytes.ts'
import type { RunnableWorkflow } from '../durable-context.ts'
import { isOpen } from '../workflow.ts'
import { type CaseState, differences, stateOf } from './case-report.ts'
import type { AnswerOf, ChainEventOf, Happening, TestCase } from './test-shapes.ts'
import type { TestWorld } from './test-world.ts'

/** Moves of time until a run has to have ended, and how far they may go. */
const [maxMoves, mostYears] = [5_000, 20]

/** One run of a case. */
export class CaseRun {
  readonly #world: TestWorld
  readonly #case: TestCase
  readonly #problems: string[] = []
  readonly #answers: AnswerOf[]
  /** Of the last event: its block, and what puts it into one. */
  #told: { block: number; readonly include: () => number } | undefined

  constructor(world: TestWorld, testCase: TestCase) {
    this.#world = world
    this.#case = testCase
    this.#answers = [...testCase.answers]
  }

  /** What came of it, and what was not as expected. */
  async go(): Promise<{ readonly state: CaseState; readonly problems: readonly string[] }> {
    await this.#trigger()
    await this.#world.settled()
    for (const [at, one] of this.#case.do.entries()) {
      try {
        await this.#happen(one, at)
      } catch (error) {
        if (!(error instanceof AppError)) throw error
        this.#problems.push(`do[${at}]: ${error.message}`)
        break
      }
      await this.#world.settled()
    }
    if (this.#case.settles) await this.#settle()
    const state = await stateOf(this.#world)
    const { expect } = this.#case
    if (expect !== undefined) this.#problems.push(...differences(expect, state))
    const { missing, unused } = this.#world.stubs
    const idle = unused.filter((name) => Object.hasOwn(this.#case.stubs, name))
    this.#problems.push(...new Set(missing))
    this.#problems.push(...idle.map((name) => `the stub "${name}" was never asked`))
    for (const { to, who } of this.#case.answers.filter((one) => this.#answers.includes(one))) {
      this.#problems.push(`the answer of ${who}${to ? ` to "${to}"` : ''} was never asked for`)
    }
    return { state, problems: this.#problems }
  }

  async #trigger(): Promise<void> {
    const { event, cloudEvent, input = null } = this.#case
    const { workflow, engine } = this.#world
    if (event) this.#tell(event)
    else if (cloudEvent) await this.#world.post(cloudEvent)
    else if (workflow.trigger.on === undefined || this.#case.input !== undefined) {
      const { namespace, name } = workflow
      await engine.begin({ namespace, name }, input)
    }
  }

  #tell({ args, ...given }: ChainEventOf): void {
    const { chain, addresses, workflow } = this.#world
    const wish = wishOf(workflow)
    const event = given.event ?? wish?.event
    const contract = given.contract ?? wish?.contract
    if (event === undefined || contract === undefined) {
      throw unclear('an event needs "event" and "contract", which the definition does not name')
    }
    const address = contract.startsWith('0x') ? (contract as Hex) : addresses[contract]
    if (address === undefined) {
      throw unclear(`the contract "${contract}" is not known: give its address under contracts`)
    }
    const transaction = chain.eventOf(event, { address, args })
    const include = () => chain.mine(1, [transaction])
    this.#told = { block: include(), include }
  }

  /** One thing of the list. */
  async #happen(one: Happening, at: number): Promise<void> {
    const { chain, time, engine } = this.#world
    if (one.mine !== undefined) chain.mine(one.mine)
    else if (one.finalize) this.#finalize()
    else if (one.reorganise !== undefined) this.#reorganise(one.reorganise)
    else if (one.retract) this.#retract()
    else if (one.comeBack) this.#comeBack()
    else if (one.wait !== undefined) await this.#wait(time.nowMs() + one.wait)
    else if (one.event) this.#tell(one.event)
    else if (one.cloudEvent) await this.#world.post(one.cloudEvent)
    else if (one.answer) await this.#answer(one.answer)
    else if (one.restart) await this.#world.restart()
    else if (one.expect) {
      const found = differences(one.expect, await stateOf(this.#world))
      this.#problems.push(...found.map((text) => `do[${at}]: ${text}`))
    } else {
      const id = await this.#runId()
      if (one.cancel !== undefined) await engine.cancel(id, one.cancel)
      else if (one.pause) await engine.pause(id)
      else if (one.resume) await engine.resume(id)
      else await engine.retry(id, typeof one.retry === 'string' ? one.retry : undefined)
    }
  }

  #finalize(): void {
    const { chain } = this.#world
    chain.mine()
    chain.finalize()
  }

  #reorganise(how: NonNullable<Happening['reorganise']>): void {
    const { depth, keeps } = typeof how === 'number' ? { depth: how, keeps: false } : how
    this.#world.chain.reorganise(depth, keeps)
  }

  /** Blocks without the event take the place of its own and of those behind it. */
  #retract(): void {
    const { chain } = this.#world
    if (this.#told === undefined)
      throw unclear('no event of a chain has been told that could leave it')
    chain.reorganise(chain.head - this.#told.block + 1, false)
  }

  #comeBack(): void {
    if (this.#told === undefined)
      throw unclear('no event of a chain has been told that could come back')
    this.#told.block = this.#told.include()
  }

  async #wait(untilMs: number): Promise<void> {
    const { time } = this.#world
    for (let moves = 0; moves < maxMoves; moves += 1) {
      const next = await this.#world.nextMs()
      if (next === undefined || next > untilMs) break
      time.advanceTo(next)
      await this.#world.settled()
    }
    time.advanceTo(untilMs)
  }

  /** Answers as the list of the case says, and lets blocks and time go on until the run has ended or nothing is due. */
  async #settle(): Promise<void> {
    const { time, chain } = this.#world
    const endMs = time.nowMs() + mostYears * 365 * 86_400_000
    let isFinal = false
    for (let moves = 0; moves < maxMoves; moves += 1) {
      await this.#world.settled()
      if (await this.#hasEnded()) return
      if (await this.#answerNext()) continue
      const next = await this.#world.nextMs()
      if (next !== undefined && next > endMs) break
      if (next !== undefined) {
        time.advanceTo(next)
        chain.mine()
      } else if (!isFinal) {
        isFinal = true
        this.#finalize()
      } else return
    }
    this.#problems.push(`it had not ended after ${mostYears} years, or ${maxMoves} moves of time`)
  }

  async #hasEnded(): Promise<boolean> {
    const { items } = await this.#world.engine.list({ limit: 200 })
    const isFlowing = items.some(isOpen)
    // An event that has just been told may still start something.
    return items.length > 0 && !isFlowing
  }

  async #answerNext(): Promise<boolean> {
    const { items } = await this.#world.engine.questions({ limit: 200, status: 'open' })
    const next = this.#answers.find(({ to }) =>
      items.some(({ title, step }) => fits(to, { title, step })),
    )
    if (next === undefined) return false
    this.#answers.splice(this.#answers.indexOf(next), 1)
    try {
      await this.#answer(next)
    } catch (error) {
      if (!(error instanceof AppError)) throw error
      this.#problems.push(`the answer of ${next.who}: ${error.message}`)
    }
    return true
  }

  async #answer({ to, who, answer }: AnswerOf): Promise<void> {
    const { engine } = this.#world
    const { items } = await engine.questions({ limit: 200, status: 'open' })
    const asked = items.find(({ title, step }) => fits(to, { title, step }))
    if (asked === undefined) {
      throw unclear(`nobody is asked ${to === undefined ? 'anything' : `"${to}"`}`)
    }
    await engine.answer(asked.id, who, answer)
  }

  async #runId(): Promise<string> {
    const { engine, workflow } = this.#world
    const { items } = await engine.list({ limit: 200, workflow: workflow.name })
    const id = items.at(-1)?.id
    if (id === undefined) throw unclear('nothing has been started yet')
    return id
  }
}

function fits(to: string | undefined, { title, step }: { title: string; step: string }): boolean {
  return to === undefined || to === title || step.endsWith(`/${to}`)
}

/** Contract and event by which the definition is started, where it names one. */
function wishOf({ trigger }: RunnableWorkflow) {
  return trigger.on?.wishes.map(({ attributes }) => attributes).find(({ event }) => event)
}

function unclear(message: string): AppError {
  return new AppError({ code: 'workflow/bad-test', message })
}
