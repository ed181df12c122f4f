/** Shows blocks and events of the chain. */

import { useList, useThing } from '../api/questions.ts'
import type { Block, ChainEvent } from '../api/shapes.ts'
import { DataList } from '../parts/data-list.tsx'
import { Identifier, shortened } from '../parts/identifier.tsx'
import { Moment } from '../parts/moment.tsx'
import { Badge, Empty, Failure, Loading } from '../parts/states.tsx'
import { Link } from '../router.tsx'

/** All blocks, newest first, live. */
export function BlocksPage() {
  const list = useList<Block>(['blocks', 'all'], '/v1/blocks')
  return (
    <section className="panel">
      <DataList
        list={list}
        caption="Blocks"
        idOf={({ hash }) => hash}
        empty={<Empty title="No blocks yet">The chain seals its first block in a moment.</Empty>}
        columns={{
          Block: ({ number }) => <Link href={`/blocks/${number}`}>{number}</Link>,
          Time: ({ timestamp }) => <Moment at={timestamp} />,
          Transactions: ({ transactions }) => transactions,
          'Gas used': ({ gasUsed }) => Number(gasUsed).toLocaleString('en'),
          'Base fee': ({ baseFeePerGas }) =>
            baseFeePerGas === null ? '–' : `${gwei(baseFeePerGas)} gwei`,
          Hash: ({ hash }) => <Identifier value={hash} what="block hash" />,
        }}
      />
    </section>
  )
}

function gwei(wei: string): string {
  return (Number(wei) / 1e9).toPrecision(4)
}

/** One block by number or hash. */
export function BlockPage({ id }: { readonly id: string }) {
  const block = useThing<Block>('block', `/v1/blocks/${id}`)
  if (block.isPending) return <Loading what="the block" />
  if (block.isLoadingError)
    return <Failure error={block.error} onRetry={() => void block.refetch()} />
  const { number, hash, parentHash, timestamp, beneficiary, gasUsed, gasLimit } = block.data
  const hashes = block.data.transactionHashes ?? []
  return (
    <section className="panel summary" aria-label={`Block ${number}`}>
      <dl>
        <dt>Number</dt>
        <dd>{number}</dd>
        <dt>Time</dt>
        <dd>
          <Moment at={timestamp} />
        </dd>
        <dt>Hash</dt>
        <dd>
          <Identifier value={hash} what="block hash" />
        </dd>
        <dt>Parent</dt>
        <dd>
          <Identifier value={parentHash} what="parent hash" href={`/blocks/${parentHash}`} />
        </dd>
        <dt>Fees go to</dt>
        <dd>
          <Identifier value={beneficiary} what="address" />
        </dd>
        <dt>Gas</dt>
        <dd>
          {Number(gasUsed).toLocaleString('en')} of {Number(gasLimit).toLocaleString('en')}
        </dd>
        <dt>Transactions</dt>
        <dd>
          {hashes.length === 0 && 'none'}
          {hashes.map((one) => (
            <div key={one}>
              <Identifier value={one} what="transaction" />
            </div>
          ))}
        </dd>
      </dl>
    </section>
  )
}

/** All events, newest first. */
export function EventsPage() {
  const list = useList<ChainEvent>(['events'], '/v1/events?limit=50')
  return (
    <section className="panel">
      <DataList
        list={list}
        caption="Events"
        idOf={({ id }) => id}
        empty={
          <Empty title="No events yet">
            Each deposit into the vault is one; the form on the start page makes a deposit.
          </Empty>
        }
        columns={{
          Event: ({ id, name }) => <Link href={`/events/${encodeURIComponent(id)}`}>{name}</Link>,
          State: ({ state }) => <Badge state={state} />,
          Block: ({ blockNumber }) => <Link href={`/blocks/${blockNumber}`}>{blockNumber}</Link>,
          Time: ({ blockTime }) => <Moment at={blockTime} />,
          Transaction: ({ transactionHash }) => (
            <Identifier value={transactionHash} what="transaction" />
          ),
          Workflow: ({ instances }) =>
            instances.map((one) => (
              <Link key={one} href={`/instances/${one}`} className="mono">
                {shortened(one)}
              </Link>
            )),
        }}
      />
    </section>
  )
}
