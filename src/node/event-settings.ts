/** Lists the settings of the event wing. */

import type { AwaitedLife } from '../workflow/durable-context.ts'
import { isAllowedHost } from '../workflow/host-guard.ts'
import {
  address,
  endpointList,
  flag,
  type Kind,
  list,
  oneOf,
  port,
  type Setting,
  section,
  several,
  text,
  url,
  web,
  within,
} from './setting-kinds.ts'

const allowedHostWords =
  'hosts (name or address, with or without :port) or ranges (address/bits), with commas between them'

/** Settings of the event wing by name. */
export const eventSettings = {
  endpoint: {
    ...{ kind: endpointList, default: undefined, env: 'BLOCKCHAIN_ENDPOINT' },
    description:
      'JSON-RPC of a foreign chain to work on, HTTP or WebSocket, one endpoint or several with commas between them; turns the embedded chain off',
  },
  endpointQuorum: {
    ...{ kind: within(1, 100, true), default: undefined, env: 'QS_ENDPOINT_QUORUM' },
    description:
      'Endpoints that must agree before a block counts as final; by default more than half of them',
  },
  eventChecks: {
    ...{
      kind: oneOf('none', 'bloom', 'all'),
      default: 'bloom' as const,
      env: 'QS_EVENT_CHECKS',
    },
    description:
      'What the answers of endpoints are held against: nothing, the receipts of blocks whose bloom filter matches though no event was given, or the receipts of every block',
  },
  finalityDepth: {
    ...{ kind: within(0, 1_000_000, true), default: 64, env: 'QS_FINALITY_DEPTH', unit: 'blocks' },
    description:
      'Blocks on top of an event before it is safe and finalized, where the chain has no such tags',
  },
  reorganisationWindow: {
    ...{
      kind: within(128, 100_000, true),
      default: 128,
      env: 'QS_REORGANISATION_WINDOW',
      unit: 'blocks',
    },
    description: 'The deepest reorganisation that the listener follows; below it, it stops',
  },
  contract: {
    ...{ kind: address, default: undefined, env: 'CONTRACT_ADDRESS' },
    description: 'Deposit vault on the foreign chain, or on the followed one',
  },
  startBlock: {
    ...{
      kind: within(0, Number.MAX_SAFE_INTEGER, true),
      default: undefined,
      env: 'QS_START_BLOCK',
    },
    description: 'First block of a foreign chain to read; by default the head at the first start',
  },
  confirmations: {
    ...{ kind: within(0, 100, true), default: 1, env: 'QS_CONFIRMATIONS', unit: 'blocks' },
    description:
      'Blocks on top of an event that confirm it; 0 by default where blocks may come for transactions only (block time 0, Hardhat, anvil, Ganache)',
  },
  minimumLife: {
    kind: oneOf('pending', 'confirmed', 'safe', 'finalized') as Kind<AwaitedLife | undefined>,
    default: undefined,
    env: 'QS_MINIMUM_LIFE',
    description:
      'Life of an event that is enough for every step, however much the step asks for; by default finalized, or confirmed where blocks may come for transactions only',
  },
  durable: {
    ...{ kind: oneOf('sql', 'restate'), default: 'sql' as const, env: 'QS_DURABLE' },
    description:
      'Who keeps the journals of runs: this program in its database, or a Restate cluster, see docs/restate.md',
  },
  restateIngress: {
    ...{ kind: web, default: undefined, env: 'RESTATE_INGRESS' },
    description: 'Ingress of the Restate cluster, such as http://127.0.0.1:8080',
  },
  restateAdmin: {
    ...{ kind: web, default: undefined, env: 'RESTATE_ADMIN' },
    description: 'Admin API of the Restate cluster, such as http://127.0.0.1:9070',
  },
  restateHost: {
    ...{ kind: text, default: '127.0.0.1', env: 'QS_RESTATE_HOST' },
    description: 'Address on which this program listens for the Restate cluster',
  },
  restatePort: {
    ...{ kind: port, default: 9_080, env: 'QS_RESTATE_PORT' },
    description: 'Port on which this program listens for the Restate cluster',
  },
  restateEndpoint: {
    ...{ kind: web, default: undefined, env: 'QS_RESTATE_ENDPOINT' },
    description:
      'URL under which the Restate cluster reaches this program; by default host and port',
  },
  restateService: {
    ...{ kind: text, default: 'quantumstream', env: 'QS_RESTATE_SERVICE' },
    description: 'Name of the service in the Restate cluster; nodes of one database share it',
  },
  maxRunTime: {
    ...{
      kind: within(0.0001, 36_500, false),
      default: undefined,
      env: 'QS_MAX_RUN_TIME',
      unit: 'days',
    },
    description:
      'Longest time from the beginning of a run to its end; then what it did is undone, and it fails as by a timeout. Without it a run may wait for years',
  },
  retention: {
    ...{ kind: within(0, 36_500, false), default: undefined, env: 'QS_RETENTION', unit: 'days' },
    description:
      'How long runs that have ended and events that are final stay in the database; for ever unless set, see docs/archive.md',
  },
  archive: {
    ...{ kind: text, default: undefined, env: 'QS_ARCHIVE' },
    description:
      'Folder of files for runs and events whose retention is over; without it they are removed',
  },
  pollInterval: {
    ...{ kind: within(10, 60_000, true), default: 250, env: 'QS_POLL_INTERVAL', unit: 'ms' },
    description: 'Pause between two looks at the chain',
  },
  senderKeyFile: {
    ...{ kind: text, default: undefined, env: 'QS_SENDER_KEY_FILE' },
    description:
      'Encrypted key file of the account that sends the transactions of workflows; several with commas between them: the first sends, and each of the others where a step names its account as "from"',
  },
  senderPasswordFile: {
    ...{ kind: text, default: undefined, env: 'QS_SENDER_PASSWORD_FILE' },
    description: 'File with the password of these key files; without it the terminal is asked',
  },
  senderSigner: {
    ...{ kind: several(web), default: undefined, env: 'QS_SENDER_SIGNER', secret: true },
    description:
      'Signer over JSON-RPC (eth_signTransaction), such as Web3Signer, instead of a key file: one for all of QS_SENDER_ADDRESS, or one for each',
  },
  senderAddress: {
    ...{ kind: several(address), default: undefined, env: 'QS_SENDER_ADDRESS' },
    description: 'Account that the signer signs for; several as with QS_SENDER_KEY_FILE',
  },
  senderVaultPath: {
    ...{ kind: text, default: undefined, env: 'QS_SENDER_VAULT_PATH' },
    description:
      'Secret of a Vault (KV version 2) whose member key is the private key, such as secret/data/sender; instead of a key file; several as with QS_SENDER_KEY_FILE',
  },
  vaultAddress: {
    ...{ kind: web, default: undefined, env: 'VAULT_ADDRESS' },
    description: 'Address of the Vault',
  },
  vaultToken: {
    ...{ kind: text, default: undefined, env: 'VAULT_TOKEN', secret: true },
    description: 'Token that may read the secret',
  },
  maxFee: {
    ...{ kind: within(1, 1e9, false), default: 500, env: 'QS_MAX_FEE', unit: 'gwei per gas' },
    description: 'Highest fee that a workflow transaction may offer',
  },
  workflows: {
    ...{ kind: text, default: undefined, env: 'QS_WORKFLOWS' },
    description:
      'Folder of workflows (workflow.json, NAME.workflow.yaml …, and their functions); by default the flagship',
  },
  projections: {
    ...{ kind: text, default: undefined, env: 'QS_PROJECTIONS' },
    description:
      'Folder of declarations of tables (NAME.yaml, NAME.json), see docs/projections.md; by default "projections" in the folder of workflows, where there is one',
  },
  secrets: {
    ...{ kind: section, default: undefined, env: 'QS_SECRETS', secret: true },
    description:
      'Secrets by name that workflows may have by use.secrets; env:NAME in one stands for a variable, file:PATH for what a file holds, see docs/workflow-language.md',
  },
  functionUrl: {
    ...{ kind: web, default: undefined, env: 'SERVERLESS_FUNCTION_URL' },
    description: 'Endpoint that functions are posted to, as CloudEvents, instead of the local ones',
  },
  functions: {
    ...{ kind: section, default: undefined, env: 'QS_FUNCTIONS', secret: true },
    description:
      'Providers of functions (local, http, aws, google, azure), the default one, and which has which function, see docs/functions.md',
  },
  allowHosts: {
    ...{ kind: list(allowedHostWords, isAllowedHost), default: undefined, env: 'QS_ALLOW_HOSTS' },
    description:
      'Private hosts that workflows may call, with commas between them: names or addresses, with or without a port, and ranges (10.1.0.0/16); with --dev this machine, too',
  },
  allowShell: {
    ...{ kind: flag, default: false, env: 'QS_ALLOW_SHELL' },
    description:
      'Lets workflows run commands of a shell (run: shell) and programs that serve MCP (call: mcp) as the user of this program',
  },
  python: {
    ...{ kind: text, default: undefined, env: 'QS_PYTHON' },
    description:
      'Interpreter for scripts of workflows in Python, which nothing shuts in; none by default',
  },
  containerEngine: {
    ...{ kind: text, default: undefined, env: 'QS_CONTAINER_ENGINE' },
    description: 'Command that runs containers of workflows, docker or podman; none by default',
  },
  sinks: {
    ...{ kind: section, default: undefined, env: 'QS_SINKS', secret: true },
    description:
      'Where events and outcomes go out to: a list of sinks (webhook, amqp, mqtt, nats, redis, file), see docs/sinks.md',
  },
  otlpEndpoint: {
    ...{ kind: web, default: undefined, env: 'OTEL_EXPORTER_OTLP_ENDPOINT' },
    description:
      'Collector that traces are sent to by OTLP over HTTP, such as http://127.0.0.1:4318, see docs/tracing.md; none by default',
  },
  otlpHeaders: {
    ...{ kind: text, default: undefined, env: 'OTEL_EXPORTER_OTLP_HEADERS', secret: true },
    description: 'Headers for the collector: name=value, with commas between them',
  },
  otlpService: {
    ...{ kind: text, default: 'quantumstream', env: 'OTEL_SERVICE_NAME' },
    description: 'Name of this program in traces',
  },
  notifications: {
    ...{ kind: section, default: undefined, env: 'QS_NOTIFICATIONS', secret: true },
    description:
      'How people are told: channels (email, webhook, push, slack, discord, telegram), groups and limits, see docs/notifications.md',
  },
  notifyWebhook: {
    ...{ kind: web, default: undefined, env: 'QS_NOTIFY_WEBHOOK' },
    description: 'Endpoint that notifications are posted to, besides the outbox',
  },
  smtp: {
    ...{ kind: url('smtp', 'smtps'), default: undefined, env: 'QS_SMTP', secret: true },
    description: 'Mail server for notifications, smtp://user:password@host:port',
  },
  mailFrom: {
    ...{ kind: text, default: undefined, env: 'QS_MAIL_FROM' },
    description: 'Sender of notifications by mail',
  },
  mailTo: {
    ...{ kind: text, default: undefined, env: 'QS_MAIL_TO' },
    description: 'Receiver of notifications by mail',
  },
} as const satisfies Readonly<Record<string, Setting<unknown>>>
