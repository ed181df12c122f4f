/** Checks where settings come from, which ones win and what is refused. */

import assert from 'node:assert/strict'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type ConfigInputs, loadConfig, showConfig } from './config.ts'
import { flagName, settingNames, settingOf } from './settings.ts'

describe('configuration', () => {
  let folder: string
  before(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'qs-config-'))
  })
  after(() => rm(folder, { recursive: true }))
  beforeEach(async () => {
    for (const name of ['.env', 'quantumstream.json', 'quantumstream.big.json']) {
      await rm(path.join(folder, name), { force: true })
    }
  })
  const load = (inputs: Partial<ConfigInputs> = {}) =>
    loadConfig({ flags: {}, environment: {}, folder, ...inputs })

  test('everything has a default', async () => {
    const { values, sources } = await load()
    assert.equal(values.rpcPort, 8545)
    assert.equal(values.apiPort, 4000)
    assert.equal(values.chainId, 20_250)
    assert.ok(settingNames.every((name) => sources[name] === 'default'))
  })

  test('flags win over environment, .env, profile and file, in this order', async () => {
    await writeFile(path.join(folder, 'quantumstream.json'), '{"rpcPort": 1}')
    assert.equal((await load()).values.rpcPort, 1)
    await writeFile(path.join(folder, 'quantumstream.big.json'), '{"rpcPort": 2}')
    assert.equal((await load()).values.rpcPort, 1)
    assert.equal((await load({ profile: 'big' })).values.rpcPort, 2)
    await writeFile(path.join(folder, '.env'), 'QS_RPC_PORT=3\nUNRELATED=x\n')
    assert.equal((await load({ profile: 'big' })).values.rpcPort, 3)
    const environment = { QS_RPC_PORT: '4' }
    assert.equal((await load({ environment })).values.rpcPort, 4)
    const config = await load({ environment, flags: { 'rpc-port': '5' } })
    assert.equal(config.values.rpcPort, 5)
    assert.equal(config.sources.rpcPort, 'flag')
  })

  test('documented short names are read from the environment', async () => {
    const environment = {
      BLOCKCHAIN_ENDPOINT: 'http://127.0.0.1:9999',
      CONTRACT_ADDRESS: '0x5FbDB2315678afecb367f032d93F642f64180aa3',
      SERVERLESS_FUNCTION_URL: 'https://functions.example/kyc',
    }
    const { values } = await load({ environment })
    assert.equal(values.endpoint, 'http://127.0.0.1:9999')
    assert.equal(values.contract, '0x5fbdb2315678afecb367f032d93f642f64180aa3')
    assert.equal(values.functionUrl, 'https://functions.example/kyc')
  })

  test('what may hold a secret is not in any message', async () => {
    for (const bad of [
      'htp://host/geheim',
      'host/geheim',
      'wss//host/geheim',
      'http://u:%zz@geheim',
    ]) {
      for (const flag of ['endpoint', 'function-url', 'notify-webhook', 'smtp']) {
        await assert.rejects(load({ flags: { [flag]: bad } }), (error: Error) => {
          assert.match(error.message, /expected an address such as (http|smtp):/)
          return !error.message.includes('geheim')
        })
      }
    }
    for (const text of ['{"mnemonic": geheim}', '{"mnemonic": "geheim" x}', '{"smtp": "geheim']) {
      await writeFile(path.join(folder, 'quantumstream.json'), text)
      await assert.rejects(load(), (error: Error) => {
        assert.match(error.message, /quantumstream\.json: is no JSON/)
        return !/geh|eim/.test(error.message)
      })
    }
  })

  test('a block time is never rounded to 0, which means something else', async () => {
    const at = async (seconds: string) =>
      (await load({ flags: { 'block-time': seconds } })).values.blockTime
    assert.equal(await at('0'), 0)
    assert.equal(await at('0.001'), 0.001)
    await assert.rejects(
      at('0.0001'),
      /--block-time: expected 0, or a number of seconds from 0.001/,
    )
  })

  test("variables of the project's own tests are no settings", async () => {
    await load({ environment: { QS_CHROMIUM: '/usr/bin/chromium', QS_CONFORMANCE: '.' } })
  })

  test('what is unknown is refused by name and place', async () => {
    await assert.rejects(load({ flags: { 'rpc-prot': '1' } }), /--rpc-prot in the command line/)
    await assert.rejects(load({ environment: { QS_RPC_PROT: '1' } }), /QS_RPC_PROT in the environ/)
    await writeFile(path.join(folder, 'quantumstream.json'), '{"rpcProt": 1}')
    await assert.rejects(load(), { code: 'config/unknown-setting' })
  })

  test('what is ill-typed is refused with what was expected', async () => {
    const refused = (environment: Record<string, string>, message: RegExp) =>
      assert.rejects(load({ environment }), { code: 'config/bad-value', message })
    await refused({ QS_RPC_PORT: 'abc' }, /^QS_RPC_PORT: expected a whole number from 0 to 65535/)
    await refused({ QS_RPC_PORT: '70000' }, /got "70000"/)
    await refused({ QS_HARDFORK: 'homestead' }, /expected one of shanghai/)
    await refused({ BLOCKCHAIN_ENDPOINT: 'localhost' }, /expected an address such as/)
    await refused({ CONTRACT_ADDRESS: '0x12' }, /40 hex digits/)
    await refused({ QS_DEV: 'yes' }, /true or false/)
    await writeFile(path.join(folder, 'quantumstream.json'), '{"rpcPort": [1]}')
    await assert.rejects(load(), { code: 'config/bad-file' })
    await writeFile(path.join(folder, 'quantumstream.json'), '{')
    await assert.rejects(load(), { code: 'config/bad-file' })
    await assert.rejects(load({ profile: 'absent' }), /quantumstream.absent.json/)
  })

  test('a secret is shown neither in the list nor in an error', async () => {
    const environment = {
      QS_MNEMONIC: 'words that nobody may see',
      QS_SMTP: 'smtp://me:hunter2@mail.example',
      BLOCKCHAIN_ENDPOINT: 'https://me:hunter2@rpc.example/v3/hunter2',
    }
    const shown = showConfig(await load({ environment }))
    assert.doesNotMatch(JSON.stringify(shown), /nobody may see|hunter2/)
    const mnemonic = shown.find(({ name }) => name === 'mnemonic')
    assert.deepEqual(mnemonic, { name: 'mnemonic', value: '[secret]', source: 'environment' })
    const bad = load({ environment: { QS_SMTP: 'hunter2' } })
    await assert.rejects(bad, (error: Error) => !error.message.includes('hunter2'))
  })

  test('no two settings share a flag or a variable', () => {
    assert.equal(new Set(settingNames.map(flagName)).size, settingNames.length)
    assert.equal(new Set(settingNames.map((name) => settingOf(name).env)).size, settingNames.length)
  })
})
