/** Checks what of a definition is listened to on a chain, and under which names events of contracts are given. */

import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { SqlSession } from '../store/sql.ts'
import type { StreamEvent } from '../stream/stream.ts'
import type { CloudEvent } from '../workflow/durable-context.ts'
import { readDefinition } from '../workflow/read-definition.ts'
import { subscriptionsOf, workflowHandler } from './workflow-wiring.ts'

const paid = 'Paid(address indexed payer, uint256 amount)'
const sent = 'Sent(bytes32 indexed id)'
const [vault, desk] = [`0x${'1a'.repeat(20)}`, `0x${'2b'.repeat(20)}`] as const
const filter = (text: string) => `{ with: { type: evm.log, ${text} } }`

/** A definition whose tasks listen as given, the second within a loop of a branch. */
const listening = (first: string, second: string) => `
document: { dsl: 1.0.3, namespace: default, name: waits, version: 1.0.0 }
do:
  - hear: { listen: { to: ${first} } }
  - both:
      fork:
        branches:
          - each: { for: { in: '\${ [1] }' }, do: [{ again: { listen: { to: ${second} } } }] }
`
const read = (text: string) => readDefinition(text, { functions: {}, deploying: true })
const found = (first: string, second: string) =>
  subscriptionsOf([read(listening(first, second))], 'dev', { vault, desk })
const words = { paid: `event: '${paid}'`, sent: `event: '${sent}'` }

describe('what a task listens to', () => {
  test('is subscribed, wherever the task stands, by name and by address, of one, any and all', () => {
    assert.deepEqual(
      found(
        `{ any: [${filter(`${words.paid}, contract: vault`)}, ${filter(`${words.sent}, contract: '${desk}'`)}] }`,
        `{ all: [${filter(`${words.sent}, contract: vault`)}] }`,
      ),
      [
        { event: paid, address: vault },
        { event: sent, address: desk },
        { event: sent, address: vault },
      ],
    )
  })

  test('is subscribed where it ends the listening, and once however often it is asked for', () => {
    const until = `{ any: [{ with: { type: tick } }], until: { one: ${filter(`${words.sent}, contract: desk`)} } }`
    assert.deepEqual(found(until, until), [{ event: sent, address: desk }])
  })

  test('comes from any contract where an expression gives it, or nothing does; not of other chains', () => {
    const [given, none] = [`${words.paid}, contract: '\${ $workflow.input.at }'`, words.sent]
    assert.deepEqual(found(`{ one: ${filter(given)} }`, `{ one: ${filter(none)} }`), [
      { event: paid },
      { event: sent },
    ])
    const elsewhere = `{ one: ${filter(`${words.paid}, contract: nowhere, chain: other`)} }`
    assert.deepEqual(found(elsewhere, '{ one: { with: { type: tick } } }'), [])
  })

  test('may be a name of the registry, which stands for its signature', () => {
    const names = [
      'event: ERC-20.Transfer, contract: desk',
      'event: DepositVault.Deposited',
    ] as const
    const [transfer, deposited] = names.map((text) => `{ one: ${filter(text)} }`)
    assert.deepEqual(found(String(transfer), String(deposited)), [
      {
        event: 'Transfer(address indexed from, address indexed to, uint256 value)',
        address: desk,
      },
      {
        event: 'Deposited(address indexed account, uint256 amount, bytes32 memo)',
      },
    ])
  })

  test('may be named by an ABI, as compilers write it', () => {
    const abi = JSON.stringify([
      { type: 'function', name: 'Paid', inputs: [] },
      {
        ...{ type: 'event', name: 'Paid', anonymous: false },
        inputs: [
          { type: 'address', name: 'payer', indexed: true },
          {
            ...{ type: 'tuple[]', name: 'parts', indexed: false },
            components: [
              { type: 'uint256', name: 'amount' },
              { type: 'string', name: '' },
            ],
          },
        ],
      },
    ])
    assert.deepEqual(
      found(
        `{ one: ${filter(`event: Paid, contract: vault, abi: ${abi}`)} }`,
        `{ one: ${filter(`event: 'Paid(address,(uint256,string)[])', abi: ${abi}, where: { payer: '${desk}' }`)} }`,
      ),
      [
        { event: 'Paid(address indexed payer, (uint256 amount, string)[] parts)', address: vault },
        {
          event: 'Paid(address indexed payer, (uint256 amount, string)[] parts)',
          where: { payer: desk },
        },
      ],
    )
    for (const [text, message] of [
      [`event: Sent, abi: ${abi}`, /with\.abi: the ABI has no event "Sent"; it has Paid\(address,/],
      ['event: Paid, abi: 7', /with\.abi: must be an ABI as compilers write it, or \{endpoint\}/],
      ["event: Paid, abi: { endpoint: 'file:///a' }", /with\.abi: is elsewhere, and nothing is/],
    ] as const) {
      const wrong = { code: 'workflow/bad-definition', message }
      assert.throws(() => found(`{ one: ${filter(text)} }`, '{ any: [] }'), wrong, text)
    }
  })

  test('is looked for at several contracts, at those that a factory made, and by indexed arguments', () => {
    const factory = "factory: { contract: [vault], event: 'Made(address child)', argument: child }"
    assert.deepEqual(
      found(
        `{ one: ${filter(`${words.paid}, contract: [vault, '${desk}'], where: { payer: '${desk}' }`)} }`,
        `{ one: ${filter(`${words.sent}, ${factory}`)} }`,
      ),
      [
        { event: paid, address: [vault, desk], where: { payer: desk } },
        {
          event: sent,
          factory: {
            ...{ address: [vault], event: 'Made(address child)', argument: 'child' },
            label: 'vault Made(address) child',
          },
        },
      ],
    )
    for (const [text, message] of [
      ['contract: []', /with\.contract: must be names or addresses, at least one/],
      ["contract: ['${ .x }']", /with\.contract: must be names or addresses/],
      ['factory: vault', /with\.factory: must be \{contract, event, argument\}/],
      [`contract: vault, ${factory}`, /with\.factory: stands beside "contract"/],
      [factory.replace('child }', 'other }'), /with\.factory: "other" is no argument of Made/],
      ['where: { amount: 1 }', /with\.where: "amount" is no indexed argument of Paid/],
      ['where: { payer: me }', /with\.where: the values for Paid.* do not fit/],
      ['where: payer', /with\.where: must be indexed arguments by name/],
    ] as const) {
      const wrong = { code: 'workflow/bad-definition', message }
      const tick = '{ one: { with: { type: tick } } }'
      assert.throws(() => found(`{ one: ${filter(`${words.paid}, ${text}`)} }`, tick), wrong, text)
    }
    const nowhere = `{ one: ${filter(`${words.sent}, ${factory.replace('vault', 'nowhere')}`)} }`
    assert.throws(() => found(nowhere, '{ any: [] }'), { code: 'node/unknown-contract' })
  })

  test('is refused where the chain has no such contract, or nobody could listen to such an event', () => {
    const tick = '{ one: { with: { type: tick } } }'
    assert.throws(() => found(`{ one: ${filter(`${words.paid}, contract: nowhere`)} }`, tick), {
      code: 'node/unknown-contract',
      message: /"waits" listens to the contract "nowhere", which chain "dev" does not have/,
    })
    for (const [text, message] of [
      ['contract: vault', /do\[0\]\.hear\.listen\.to\.one\.with: takes events .* add "event"/],
      [`event: '\${ .x }'`, /does not say which: add "event" with a signature .*, no expression/],
      [
        'event: Paid',
        /takes events of a chain, and "Paid" is no signature with named arguments, and no event of the registry; right is/,
      ],
      ['event: Transfer', /registry: which of ERC-20.Transfer, ERC-721.Transfer, AllocationTok/],
      ['event: erc721.aproval', /registry: did you mean ERC-721.Approval\?/],
      ['event: Pausable.Stopped', /registry: which of Pausable.Paused, Pausable.Unpaused\?/],
    ] as const) {
      const wrong = { code: 'workflow/bad-definition', message }
      assert.throws(() => found(`{ one: ${filter(text)} }`, tick), wrong, text)
      // What was deployed before stays readable.
      readDefinition(listening(`{ one: ${filter(text)} }`, tick), { functions: {} })
    }
  })
})

test('events bear the name that a definition wants, also one that only open instances go on by', async () => {
  const given: CloudEvent[] = []
  const world = { workflows: [] as string[], pinned: [] as string[], asked: 0 }
  const engine = {
    deliver: async (_session: unknown, event: CloudEvent) => {
      given.push(event)
      return []
    },
    ...{ advance: async () => {}, retract: async () => {} },
    ...{ workflows: () => world.workflows.map(read), pinned: () => world.pinned.map(read) },
  }
  const namesOf = async () => {
    world.asked += 1
    return ['newest', 'older']
  }
  const handler = workflowHandler(engine, { vault }, { namesOf })
  const event = { address: desk, blockTimeMs: 0, id: '1', chain: 'dev' } as unknown as StreamEvent
  const nameGiven = async () => {
    await handler.appeared({} as SqlSession, event)
    return given.at(-1)?.contractname
  }
  const wants = (text: string) => listening(`{ one: ${filter(text)} }`, '{ any: [] }')
  assert.equal(await nameGiven(), undefined)
  assert.equal(world.asked, 0)
  world.pinned = [wants(`${words.paid}, contract: older`)]
  assert.equal(await nameGiven(), 'older')
  world.pinned = []
  world.workflows = [wants(`${words.paid}, contract: '\${ $workflow.input.at }'`)]
  assert.equal(await nameGiven(), 'newest')
})
