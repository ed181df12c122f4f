/** Makes a deposit with a development account, and follows it to its workflow. */

import { useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { depositData, weiOf } from '../amounts.ts'
import { callRpc } from '../api/client.ts'
import { useList } from '../api/questions.ts'
import type { Chain, ChainEvent } from '../api/shapes.ts'
import { Link } from '../router.tsx'
import { Icon } from './icon.tsx'
import { Identifier, shortened } from './identifier.tsx'
import { Empty } from './states.tsx'

/** The form, or why there is none. */
export function DepositForm({ chain }: { readonly chain: Chain }) {
  const vault = chain.contracts.depositVault
  if (vault === undefined || chain.accounts.length === 0) {
    return (
      <Empty title="Deposits are made with your own wallet here">
        This form signs with development accounts, which the chain “{chain.name}” does not have.
        Call <code>deposit(bytes32)</code> on the vault {vault ?? ''} with value; its event appears
        under Events.
      </Empty>
    )
  }
  return <Form chain={chain} vault={vault} />
}

type Sent = { readonly hash: string } | { readonly error: string }

function Form({ chain, vault }: { readonly chain: Chain; readonly vault: string }) {
  const [account, setAccount] = useState(chain.accounts[1] ?? chain.accounts[0] ?? '')
  const [amount, setAmount] = useState('1')
  const [memo, setMemo] = useState('')
  const [busy, setBusy] = useState(false)
  const [sent, setSent] = useState<Sent>()
  const client = useQueryClient()
  const ids = { account: useId(), amount: useId(), memo: useId(), title: useId() }
  const wei = weiOf(amount)
  const data = depositData(memo)

  const submit = async (event: FormEvent) => {
    event.preventDefault()
    if (wei === undefined || data === undefined) return
    setBusy(true)
    try {
      const value = `0x${wei.toString(16)}`
      const transaction = { from: account, to: vault, value, data }
      const hash = await callRpc<string>(chain.rpcPath, 'eth_sendTransaction', [transaction])
      setSent({ hash })
      void client.invalidateQueries({ queryKey: ['events'] })
    } catch (error) {
      setSent({ error: (error as Error).message })
    }
    setBusy(false)
  }

  return (
    <form onSubmit={submit} aria-labelledby={ids.title} className="panel deposit" noValidate>
      <h2 id={ids.title}>Make a deposit</h2>
      <div className="field">
        <label htmlFor={ids.account}>Account</label>
        <select id={ids.account} value={account} onChange={(e) => setAccount(e.target.value)}>
          {chain.accounts.map((one, at) => (
            <option key={one} value={one}>
              {`#${at} ${shortened(one)}`}
            </option>
          ))}
        </select>
      </div>
      <Field
        id={ids.amount}
        label="Amount in ether"
        value={amount}
        onChange={setAmount}
        problem={
          wei === undefined
            ? 'Write an amount above zero, such as 1.5, with at most 18 decimals.'
            : undefined
        }
      />
      <Field
        id={ids.memo}
        label="Memo"
        value={memo}
        onChange={setMemo}
        hint="Up to 32 bytes. The example's KYC refuses the memo “refuse”."
        problem={data === undefined ? 'The memo is longer than 32 bytes.' : undefined}
      />
      <button
        type="submit"
        className="primary"
        disabled={busy || wei === undefined || data === undefined}
      >
        {busy ? 'Depositing…' : 'Deposit'}
      </button>
      <div role="status">{sent && <Progress sent={sent} />}</div>
    </form>
  )
}

interface FieldProps {
  readonly id: string
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly hint?: string
  readonly problem?: string | undefined
}

function Field({ id, label, value, onChange, hint, problem }: FieldProps) {
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <input
        id={id}
        value={value}
        autoComplete="off"
        onChange={(event) => onChange(event.target.value)}
        aria-invalid={problem !== undefined}
        aria-describedby={`${id}-note`}
      />
      <small id={`${id}-note`} className={problem ? 'problem' : 'hint'}>
        {problem ?? hint}
      </small>
    </div>
  )
}

/** Sent, then seen as an event, then running as an instance. */
function Progress({ sent }: { readonly sent: Sent }) {
  const events = useList<ChainEvent>(['events'], '/v1/events?limit=50')
  if ('error' in sent) return <p className="problem">The deposit was not sent: {sent.error}</p>
  const event = events.data?.pages
    .flatMap(({ items }) => items)
    .find(({ transactionHash }) => transactionHash === sent.hash)
  const [instance] = event?.instances ?? []
  return (
    <ol className="progress">
      <li>
        <Icon name="done" /> Sent as <Identifier value={sent.hash} what="transaction" />
      </li>
      <li>
        <Icon name={event ? 'done' : 'running'} />{' '}
        {event ? `Seen in block ${event.blockNumber}, ${event.state}` : 'Waiting for its event…'}
      </li>
      <li>
        <Icon name={instance ? 'done' : 'running'} />{' '}
        {instance ? (
          <Link href={`/instances/${instance}`}>Watch its workflow</Link>
        ) : (
          'Waiting for its workflow…'
        )}
      </li>
    </ol>
  )
}
