/** Shows how a chain is agreed on: votes on the next block, validators, peers and faults, live. */

import {
  type Agreement,
  bytesText,
  type ConsensusView,
  type Fault,
  type LinkedPeer,
  useAgreement,
  type ValidatorRow,
  validatorRows,
} from '../api/consensus.ts'
import { DataTable } from '../parts/data-list.tsx'
import { Icon } from '../parts/icon.tsx'
import { Identifier } from '../parts/identifier.tsx'
import { Moment } from '../parts/moment.tsx'
import { Empty, Failure, Loading } from '../parts/states.tsx'
import { Tile } from '../parts/tile.tsx'

/** Blocks without finality after which the lag is no usual one. */
const usualLag = 8
/** Score below which a peer is in trouble. */
const poorScore = -20

/** One chain of the node. */
export function ConsensusPage({ chain }: { readonly chain: string }) {
  const agreement = useAgreement(chain)
  if (agreement.isPending) return <Loading what="the chain" />
  if (agreement.isLoadingError)
    return <Failure error={agreement.error} onRetry={() => void agreement.refetch()} />
  const { consensus, peers } = agreement.data
  return (
    <>
      <Glance consensus={consensus} peers={peers} />
      <Votes agreement={agreement.data} />
      <Peers peers={peers} />
      <Faults faults={consensus.voting?.evidence ?? []} />
    </>
  )
}

function Glance({
  consensus,
  peers,
}: {
  readonly consensus: ConsensusView
  readonly peers: readonly LinkedPeer[]
}) {
  const { head, finalized, voting, mining } = consensus
  const [lag, behind] = [Number(consensus.lag), Number(consensus.behind)]
  const faults = voting?.evidence.length ?? 0
  return (
    <section aria-label="At a glance" className="tiles">
      <Tile label="Engine" value={consensus.engine} />
      <Tile label="Height" value={Number(head)} />
      <Tile label="Final" value={Number(finalized)} />
      <Tile label="Not final yet" value={lag} tone={lag > usualLag ? 'warn' : 'good'} />
      <Tile label="Behind peers" value={behind} tone={behind > 1 ? 'warn' : 'good'} />
      {voting && (
        <Tile label="Round" value={voting.round} tone={voting.round > 0 ? 'warn' : 'good'} />
      )}
      {mining && (
        <Tile label="Digests a second" value={mining.hashesPerSecond.toLocaleString('en')} />
      )}
      <Tile label="Peers" value={peers.length} />
      {voting && <Tile label="Faults seen" value={faults} tone={faults > 0 ? 'bad' : 'good'} />}
    </section>
  )
}

function Votes({ agreement }: { readonly agreement: Agreement }) {
  const { voting, engine } = agreement.consensus
  const rows = validatorRows(agreement)
  if (voting === null || rows.length === 0) {
    return (
      <section className="panel" aria-label="Validators">
        <Empty title="No votes here">
          Blocks of a chain by {engine} are not voted on, so that it has no validators to show.
        </Empty>
      </section>
    )
  }
  const committed = rows.filter(({ hasPrecommitted }) => hasPrecommitted).length
  return (
    <section className="panel" aria-labelledby="votes">
      <h2 id="votes">
        Votes on block {Number(voting.height)}
        <span className="hint">
          {voting.step === 'new'
            ? ' not begun yet'
            : ` round ${voting.round}, ${voting.step}, ${committed} of ${rows.length} have precommitted`}
        </span>
      </h2>
      <DataTable
        items={rows}
        caption="Validators"
        idOf={({ address }) => address}
        columns={{
          Validator: (row) => <Who row={row} />,
          Weight: ({ weight, share }) => (
            <span>
              {weight} <span className="hint">{share} %</span>
            </span>
          ),
          Prevote: ({ hasPrevoted }) => <Vote isThere={hasPrevoted} />,
          Precommit: ({ hasPrecommitted }) => <Vote isThere={hasPrecommitted} />,
          Signed: ({ signed }) => <Signed signed={signed} of={agreement.validators.lastBlocks} />,
          Turns: (row) => <Turns row={row} />,
          Link: ({ isLinked, isSelf }) => linkText(isLinked, isSelf),
          Signs: ({ scheme }) => scheme,
        }}
      />
    </section>
  )
}

function Signed({ signed, of }: { readonly signed: number; readonly of: number }) {
  const text = `${signed} of ${of} blocks`
  return <span className={signed * 2 < of ? 'attention-text' : ''}>{text}</span>
}

function linkText(isLinked: boolean, isSelf: boolean) {
  if (isSelf) return <span className="hint">this node</span>
  return isLinked ? 'linked' : <span className="attention-text">no link</span>
}

function Who({ row: { address, isProposer } }: { readonly row: ValidatorRow }) {
  return (
    <span>
      <Identifier value={address} what="validator" />
      {isProposer && <span className="tag">proposes</span>}
    </span>
  )
}

function Vote({ isThere }: { readonly isThere: boolean }) {
  return (
    <span className={isThere ? 'vote vote-there' : 'vote'}>
      <Icon name={isThere ? 'done' : 'open'} />
      <span className="visually-hidden">{isThere ? 'is there' : 'is not there'}</span>
    </span>
  )
}

function Turns({ row: { missed, absentUntil } }: { readonly row: ValidatorRow }) {
  if (missed === 0) return <>taken</>
  return (
    <span className="attention-text">
      {missed} missed{absentUntil !== null && `, none before ${absentUntil}`}
    </span>
  )
}

function Peers({ peers }: { readonly peers: readonly LinkedPeer[] }) {
  return (
    <section className="panel" aria-labelledby="peers">
      <h2 id="peers">Peers</h2>
      {peers.length === 0 ? (
        <Empty title="No peers">
          <code>quantumstream start --peers HOST:PORT</code> keeps links to others, and{' '}
          <code>--peers-port 30400</code> takes those of others.
        </Empty>
      ) : (
        <DataTable
          items={peers}
          caption="Peers"
          idOf={({ id }) => id}
          columns={{
            Peer: ({ id }) => <Identifier value={id} what="peer" />,
            Validator: ({ validator }) =>
              validator ? <Identifier value={validator} what="validator" /> : '–',
            Height: ({ height }) => (height === null ? '–' : Number(height)),
            Address: ({ link }) =>
              link ? `${link.host}:${link.port} ${link.isDialled ? '(opened here)' : ''}` : '–',
            Score: ({ link }) => <Score score={link?.score ?? 0} />,
            In: ({ link }) => (link ? bytesText(link.received.bytes) : '–'),
            Out: ({ link }) => (link ? bytesText(link.sent.bytes) : '–'),
            Waits: ({ link }) => (link ? bytesText(link.waiting.bytes) : '–'),
            Since: ({ link }) =>
              link ? <Moment at={new Date(link.sinceMs).toISOString()} /> : '–',
          }}
        />
      )}
    </section>
  )
}

function Score({ score }: { readonly score: number }) {
  if (score > poorScore) return <>{score}</>
  return <span className="problem">{score}</span>
}

function Faults({ faults }: { readonly faults: readonly Fault[] }) {
  if (faults.length === 0) return null
  return (
    <section className="panel attention" aria-labelledby="faults">
      <h2 id="faults">Faults of validators</h2>
      <DataTable
        items={faults}
        caption="Faults"
        idOf={({ kind, validator, height, round }) => `${kind} ${validator} ${height} ${round}`}
        columns={{
          Fault: ({ kind }) => (kind === 'double-vote' ? 'voted twice' : 'proposed twice'),
          Validator: ({ validator }) =>
            validator ? <Identifier value={validator} what="validator" /> : '–',
          Height: ({ height }) => Number(height),
          Round: ({ round }) => round,
        }}
      />
    </section>
  )
}
