/** The command `workflow`: checks, deploys and tests definitions, and operates the runs of a running node. */

import { listFlags } from '../api-lists.ts'
import type { Command } from '../command.ts'
import { badUsage } from '../flag-values.ts'
import type { WorkflowActions } from './workflow-action.ts'
import { definitionActions } from './workflow-definitions.ts'
import { questionActions } from './workflow-questions.ts'
import { runActions } from './workflow-runs.ts'
import { viewActions } from './workflow-views.ts'

const actions: WorkflowActions = {
  ...definitionActions,
  ...runActions,
  ...viewActions,
  ...questionActions,
}

const names = Object.keys(actions)

export const workflowCommand: Command = {
  name: 'workflow',
  summary: 'Checks, tests and deploys definitions, and operates the runs of a running node',
  usage: `${names.join('|')} …`,
  details: [
    ...names.map((name) => {
      const { usage, does } = actions[name] as WorkflowActions[string]
      return `${`  ${name} ${usage}`.trimEnd()}\n      ${does}`
    }),
    '',
    'Exit codes of run --wait and logs --follow: 0 completed, 2 failed, 3 cancelled, 4 retracted, 5 not ended in time,',
    '130 interrupted; 1 is an error of the command itself.',
  ].join('\n'),
  mostWords: 51,
  flags: [
    { name: 'status', value: 'S', description: 'running, waiting, paused, completed, failed, …' },
    { name: 'workflow', value: 'NAME', description: 'Runs of this workflow only' },
    ...listFlags,
    {
      ...{ name: 'from', value: 'KIND|STEP' },
      description:
        'Of import: asl (Amazon States Language) or defender (OpenZeppelin Defender and Monitor); of retry: a step',
    },
    { name: 'input', value: 'JSON|@FILE', description: 'What a run is given, default null' },
    { name: 'id', value: 'ID', description: 'Of the run; the same id starts once' },
    { name: 'version', value: 'V', description: 'Of the workflow, default the newest' },
    {
      name: 'namespace',
      value: 'N',
      description: 'Of the workflow; needed where several have its name',
    },
    { name: 'wait', description: 'Waits for the end of the run, and tells its steps on stderr' },
    { name: 'timeout', value: 'S', description: 'Seconds that --wait waits at most' },
    { name: 'reason', value: 'R', description: 'Why a run is cancelled' },
    { name: 'to', value: 'HASH', description: 'Definition that a run is moved to' },
    {
      ...{ name: 'definition', value: 'FILE|HASH' },
      description: 'Definition to replay by, which need not be deployed',
    },
    { name: 'data', description: 'Shows what each step got and gave, too' },
    { name: 'follow', description: 'Waits for further lines' },
    { name: 'answer', value: 'JSON|@FILE', description: 'Answer to a question' },
    { name: 'only', value: 'TEXT', description: 'Tests whose names have this in them' },
    { name: 'who', value: 'NAME', description: 'Who answers, default the user of this machine' },
  ],
  settings: ['apiHost', 'apiPort'],
  async run(call) {
    const [name = 'list', ...words] = call.words
    const action = Object.hasOwn(actions, name) ? actions[name] : undefined
    if (action === undefined) throw badUsage('workflow', `"workflow ${name}" is not known`)
    const [least, most] = action.words
    if (words.length < least) {
      throw badUsage('workflow', `"workflow ${name}" is not whole: it needs ${action.usage}`)
    }
    const surplus = words[most]
    if (surplus !== undefined) {
      throw badUsage('workflow', `"workflow ${name}" does not know what to do with "${surplus}"`)
    }
    return action.run(call, words)
  },
}
