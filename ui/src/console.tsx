/** Frames every page: rail, search, theme, and the bar that says when the line is down. */

import { type ReactNode, useEffect, useRef, useState } from 'react'
import { type Liveness, useLiveStream } from './api/live.ts'
import { useChains, useWorkflows } from './api/questions.ts'
import { BlockPage, BlocksPage, EventsPage } from './pages/chain-pages.tsx'
import { ChainsPage } from './pages/chain-set-page.tsx'
import { ConsensusPage } from './pages/consensus-page.tsx'
import { EventPage } from './pages/event-page.tsx'
import { FunctionPage, FunctionsPage } from './pages/function-pages.tsx'
import { HomePage } from './pages/home-page.tsx'
import { InstancePage } from './pages/instance-page.tsx'
import { InstancesPage } from './pages/instances-page.tsx'
import { ListenerPage } from './pages/listener-page.tsx'
import { NotificationsPage } from './pages/notifications-page.tsx'
import { ProjectionPage, ProjectionsPage } from './pages/projection-pages.tsx'
import { QuestionsPage } from './pages/questions-page.tsx'
import { QueuePage } from './pages/queue-page.tsx'
import { TransactionsPage } from './pages/transactions-page.tsx'
import { RecordsPage, WorkflowPage, WorkflowsPage } from './pages/workflow-pages.tsx'
import { Icon, type IconName } from './parts/icon.tsx'
import { distance, useNow } from './parts/moment.tsx'
import { Failure } from './parts/states.tsx'
import { Link, match, navigate, useLocation } from './router.tsx'
import { destination } from './search.ts'

interface View {
  readonly title: string
  readonly page: ReactNode
}

const places: readonly (readonly [href: string, title: string, icon: IconName])[] = [
  ['/', 'Home', 'home'],
  ['/workflows', 'Workflows', 'workflows'],
  ['/instances', 'Runs', 'runs'],
  ['/questions', 'Questions', 'questions'],
  ['/functions', 'Functions', 'functions'],
  ['/events', 'Events', 'events'],
  ['/listener', 'Listener', 'listener'],
  ['/queue', 'Queue', 'queue'],
  ['/chains', 'Chains', 'chains'],
  ['/blocks', 'Blocks', 'blocks'],
  ['/transactions', 'Transactions', 'transactions'],
  ['/projections', 'Projections', 'tables'],
  ['/outbox', 'Notifications', 'outbox'],
  ['/records', 'Records', 'records'],
]

const lists: Readonly<Record<string, () => ReactNode>> = {
  '/': HomePage,
  '/workflows': WorkflowsPage,
  '/instances': InstancesPage,
  '/questions': QuestionsPage,
  '/functions': FunctionsPage,
  '/events': EventsPage,
  '/listener': ListenerPage,
  '/queue': QueuePage,
  '/chains': ChainsPage,
  '/blocks': BlocksPage,
  '/transactions': TransactionsPage,
  '/projections': ProjectionsPage,
  '/outbox': NotificationsPage,
  '/records': RecordsPage,
}

function viewOf(path: string): View {
  const List = lists[path]
  const title = places.find(([href]) => href === path)?.[1]
  if (List && title) return { title, page: <List /> }
  const block = match(path, '/blocks/')
  if (block) return { title: `Block ${block.slice(0, 10)}`, page: <BlockPage id={block} /> }
  const chain = match(path, '/chains/')
  if (chain) return { title: `Chain ${chain}`, page: <ConsensusPage chain={chain} /> }
  const event = match(path, '/events/')
  if (event) return { title: 'Event', page: <EventPage id={event} /> }
  const workflow = match(path, '/workflows/')
  if (workflow) return { title: workflow, page: <WorkflowPage name={workflow} /> }
  const called = match(path, '/functions/')
  if (called) return { title: called, page: <FunctionPage name={called} /> }
  const table = match(path, '/projections/')
  if (table) return { title: table, page: <ProjectionPage name={table} /> }
  const instance = match(path, '/instances/')
  if (instance)
    return { title: `Run ${instance.slice(0, 8)}`, page: <InstancePage id={instance} /> }
  return { title: 'Not found', page: <Failure error={new Error(`There is no page ${path}.`)} /> }
}

/** The whole console. */
export function Console() {
  const { path } = useLocation()
  const { title, page } = viewOf(path)
  const heading = useRef<HTMLHeadingElement>(null)
  const first = useRef(true)
  const liveness = useLiveStream()
  // biome-ignore lint/correctness/useExhaustiveDependencies: the focus moves when the page changes
  useEffect(() => {
    document.title = `${title} · QuantumStream`
    if (!first.current) heading.current?.focus()
    first.current = false
  }, [path])
  return (
    <>
      <a className="skip" href="#main">
        Skip to content
      </a>
      <Rail path={path} />
      <div className="frame">
        <LineBar liveness={liveness} />
        <header>
          <h1 ref={heading} tabIndex={-1}>
            {title}
          </h1>
          <Search />
          <ThemeButton />
        </header>
        <main id="main">{page}</main>
      </div>
    </>
  )
}

function Rail({ path }: { readonly path: string }) {
  const chain = useChains().data?.items[0]
  return (
    <nav aria-label="Console" className="rail">
      <Link href="/" className="brand" aria-label="QuantumStream, home">
        <img src="/icon.svg" alt="" width="24" height="24" /> <span>QuantumStream</span>
      </Link>
      <ul>
        {places.map(([href, title, icon]) => (
          <li key={href}>
            <Link href={href} aria-current={isWithin(path, href) ? 'page' : undefined}>
              <Icon name={icon} /> {title}
            </Link>
          </li>
        ))}
      </ul>
      {chain && (
        <p className="chain-name">
          {chain.name} · id {chain.chainId}
        </p>
      )}
    </nav>
  )
}

function isWithin(path: string, href: string): boolean {
  return href === '/' ? path === '/' : path === href || path.startsWith(`${href}/`)
}

/** Tells that what is shown is old, and how old. */
export function LineBar({ liveness }: { readonly liveness: Liveness }) {
  const now = useNow()
  if (liveness.connected) return null
  return (
    <div className="line-bar">
      {/* The age is no part of the alert: it would be read out anew every second. */}
      <span role="alert">The node does not answer; trying again…</span>{' '}
      <span>What you see was true {distance(now - liveness.since)}.</span>
    </div>
  )
}

function Search() {
  const field = useRef<HTMLInputElement>(null)
  const [missed, setMissed] = useState(false)
  const workflows = useWorkflows().data?.items.map(({ name }) => name) ?? []
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const typing = /^(INPUT|SELECT|TEXTAREA)$/.test((event.target as HTMLElement).tagName)
      const wanted =
        (event.key === '/' && !typing) || (event.key === 'k' && (event.ctrlKey || event.metaKey))
      if (!wanted) return
      event.preventDefault()
      field.current?.focus()
    }
    window.addEventListener('keydown', onKey)
    return () => window.removeEventListener('keydown', onKey)
  }, [])
  return (
    <search>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          const to = destination(field.current?.value ?? '', workflows)
          setMissed(to === undefined)
          if (to !== undefined) navigate(to)
        }}
      >
        <input
          ref={field}
          type="search"
          aria-label="Search"
          aria-invalid={missed}
          placeholder="Block, hash, run, workflow ( / )"
          onChange={() => setMissed(false)}
        />
        <span role="status" className="problem">
          {missed && 'Nothing has that name.'}
        </span>
      </form>
    </search>
  )
}

/** Switches between the system's theme and its opposite. */
function ThemeButton() {
  const [theme, setTheme] = useState(() => localStorage.getItem('theme') ?? '')
  useEffect(() => {
    if (theme === '') document.documentElement.removeAttribute('data-theme')
    else document.documentElement.setAttribute('data-theme', theme)
    localStorage.setItem('theme', theme)
  }, [theme])
  const dark =
    theme === 'dark' || (theme === '' && matchMedia('(prefers-color-scheme: dark)').matches)
  return (
    <button type="button" className="theme" onClick={() => setTheme(dark ? 'light' : 'dark')}>
      <Icon name={dark ? 'light' : 'dark'} />
      <span className="visually-hidden">{dark ? 'Light theme' : 'Dark theme'}</span>
    </button>
  )
}
