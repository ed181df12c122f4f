/** Checks what Docker would run, without Docker: the compose file, the image's recipe, and their very commands as processes. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { freePort } from '../../src/base/test-ports.ts'
import { parseCall } from '../../src/cli/command.ts'
import { startCommand } from '../../src/cli/commands/start.ts'
import { loadConfig } from '../../src/node/config.ts'
import { rolesOf } from '../../src/node/roles.ts'
import { callRpc, eventually, main, root, startProgram, temporaryFolder } from './program.ts'

interface Service {
  readonly command?: readonly string[]
  readonly entrypoint?: readonly string[]
  readonly environment?: Readonly<Record<string, string>>
  readonly ports?: readonly string[]
  readonly volumes?: readonly string[]
  readonly secrets?: readonly string[]
  readonly restart?: string
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>
}

const read = (file: string) => readFile(path.join(root, file), 'utf8')
const compose = parse(await read('docker-compose.yml'), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>
  readonly volumes: Readonly<Record<string, unknown>>
  readonly secrets: Readonly<Record<string, { readonly file: string }>>
}
const { founder, ...validators } = compose.services
const names = Object.keys(validators)

test('the compose file publishes links of peers and nothing else, and gives each validator volumes of its own', () => {
  assert.equal(names.length, 4)
  const used = new Set<string>()
  for (const [at, name] of names.entries()) {
    const service = validators[name] as Service
    assert.deepEqual(service.ports, [`${30_400 + at}:30400`])
    assert.deepEqual(service.volumes, [`data-${at}:/data`, `keys-${at}:/keys`, 'chain:/chain:ro'])
    assert.equal(service.depends_on?.founder?.condition, 'service_completed_successfully')
    assert.equal(service.environment?.QS_VALIDATOR_PASSWORD_FILE, '/run/secrets/password')
    for (const volume of service.volumes) used.add(volume.split(':')[0] ?? '')
  }
  assert.equal(founder?.ports, undefined)
  assert.equal(founder?.restart, 'no')
  for (const volume of founder?.volumes ?? [])
    assert.ok(used.has(volume.split(':')[0] ?? ''), volume)
  assert.deepEqual(Object.keys(compose.volumes).sort(), [...used].sort())
  for (const { secrets } of Object.values(compose.services)) assert.deepEqual(secrets, ['password'])
})

test('each validator is started by words that the program knows, with all others as peers', async () => {
  for (const name of names) {
    const [command, ...words] = validators[name]?.command ?? []
    assert.equal(command, 'start')
    const { flags } = parseCall(startCommand, words)
    const environment = validators[name]?.environment ?? {}
    const { values } = await loadConfig({ flags, environment, folder: '/nowhere' })
    assert.equal(values.peersPort, 30_400)
    const others = names.filter((other) => other !== name).map((other) => `${other}:30400`)
    assert.deepEqual(values.peers?.split(','), others)
    // Access control is not built: what is not for peers stays on the loopback address.
    assert.deepEqual([values.rpcHost, values.apiHost], ['127.0.0.1', '127.0.0.1'])
  }
})

test('the compose file of roles starts processes of one database by words that the program knows, and publishes nothing', async () => {
  const file = parse(await read('docker-compose.roles.yml'), { merge: true }) as typeof compose
  const { database, ...processes } = file.services
  assert.ok(database)
  const roles: string[] = []
  const used = new Set(['database'])
  for (const [name, service] of Object.entries(processes)) {
    const [command, ...words] = service.command ?? []
    assert.equal(command, 'start')
    const { flags } = parseCall(startCommand, words)
    const environment = { ...service.environment, BLOCKCHAIN_ENDPOINT: '', CONTRACT_ADDRESS: '' }
    const { values } = await loadConfig({ flags, environment, folder: '/nowhere' })
    roles.push(rolesOf(values).names.join())
    assert.deepEqual([service.ports, service.volumes], [undefined, [`${name}:/data`]])
    assert.equal(service.depends_on?.database?.condition, 'service_healthy')
    used.add(name)
  }
  assert.deepEqual(roles.sort(), ['api', 'listener', 'listener', 'worker', 'worker'])
  assert.deepEqual(Object.keys(file.volumes).sort(), [...used].sort())
})

test('the image is made in two stages, runs as nobody special, and holds no secret', async () => {
  const lines = (await read('Dockerfile')).split('\n')
  const stages = lines.filter((line) => line.startsWith('FROM '))
  assert.deepEqual(
    stages.map((line) => line.split(' ')[1]),
    Array(2).fill('node:26-bookworm-slim'),
  )
  const last = lines.slice(lines.lastIndexOf(stages.at(-1) ?? '') + 1)
  assert.ok(last.includes('USER node'))
  assert.ok(last.some((line) => line.startsWith('HEALTHCHECK ')))
  assert.ok(!last.some((line) => /^COPY (?!--from=build )/.test(line)))
  for (const line of last.filter((one) => one.startsWith('COPY '))) {
    for (const from of line.split(' ').slice(2, -1)) {
      const file = from.replace('/app/', '')
      const isBuilt = ['dist', 'ui/dist', 'node_modules'].includes(file)
      assert.ok(isBuilt || existsSync(path.join(root, file)), `${file} is not there`)
    }
  }
  const ignored = (await read('.dockerignore')).split('\n')
  for (const secret of ['docker/password', '**/*.key', '.env*', '.git']) {
    assert.ok(ignored.includes(secret), secret)
  }
  assert.equal(compose.secrets.password?.file, './docker/password')
})

test('the founder and four validators run by the words of the compose file', {
  timeout: 240_000,
}, async (t) => {
  const folder = await temporaryFolder(t)
  const at = (name: string) => path.join(folder, name)
  await Promise.all(['bin', 'chain', 'keys'].map((name) => mkdir(at(name))))
  await writeFile(at('password'), 'a long password\n')
  await writeFile(at('bin/quantumstream'), `#!/bin/sh\nexec ${process.execPath} ${main} "$@"\n`)
  await chmod(at('bin/quantumstream'), 0o755)
  assert.deepEqual(founder?.entrypoint, ['/bin/sh', '/app/docker/found.sh'])
  const found = () =>
    spawnSync('/bin/sh', [path.join(root, 'docker/found.sh')], {
      encoding: 'utf8',
      env: {
        ...{ PATH: `${at('bin')}:/usr/bin:/bin`, HOME: folder },
        ...{ ...founder?.environment, FUND: '', PASSWORD_FILE: at('password') },
        ...{ CHAIN_FOLDER: at('chain'), KEYS_FOLDER: at('keys') },
      },
    })
  const first = found()
  assert.equal(first.status, 0, first.stderr)
  const manifest = await readFile(at('chain/manifest.json'), 'utf8')
  const again = found()
  assert.deepEqual([again.status, again.stderr], [0, ''])
  assert.match(again.stdout, /is there, and is kept/)
  assert.equal(await readFile(at('chain/manifest.json'), 'utf8'), manifest)

  const ports = await Promise.all(names.map(() => freePort()))
  const nodes = await Promise.all(
    names.map(async (name, number) => {
      const apiPort = String(await freePort())
      const words = (validators[name]?.command ?? []).map((word) =>
        word
          .replace('=/chain/', `=${at('chain')}/`)
          .replace('=/keys/', `=${at(`keys/${number}`)}/`)
          .replace('=/data', `=${at(`data-${number}`)}`)
          .replace('--peers-port=30400', `--peers-port=${ports[number]}`)
          .replace(/validator-(\d):30400/g, (_, other) => `127.0.0.1:${ports[Number(other)]}`),
      )
      const program = startProgram([...words, '--rpc-port=0', `--api-port=${apiPort}`], {
        environment: { QS_VALIDATOR_PASSWORD_FILE: at('password') },
      })
      t.after(async () => void program.child.kill('SIGKILL'))
      const [, url = ''] = await program.printed(/JSON-RPC +(\S+) /)
      return { url, apiPort }
    }),
  )
  const isHealthy = (port: string) =>
    spawnSync(process.execPath, [path.join(root, 'docker/healthy.js')], {
      env: { QS_API_PORT: port },
    }).status
  for (const { url, apiPort } of nodes) {
    await eventually(async () => {
      return Number(await callRpc(url, 'eth_blockNumber')) >= 3 ? true : undefined
    }, 90_000)
    await eventually(async () => (isHealthy(apiPort) === 0 ? true : undefined))
  }
  assert.equal(isHealthy(String(await freePort())), 1)
})
