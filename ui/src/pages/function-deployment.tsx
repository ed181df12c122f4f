/** Deploys functions from files of whoever looks at the console. */

import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, useId, useState } from 'react'
import { sendJson } from '../api/client.ts'
import type { FunctionDetail, FunctionProvider } from '../api/shapes.ts'
import { Link } from '../router.tsx'

interface DeployFormProps {
  /** Of the function that gets another version; absent: the form asks. */
  readonly name?: string
  /** Where it may run; without them it stays where it is. */
  readonly providers?: readonly FunctionProvider[]
}

/** A form that takes the files of a function and has calls go to them. */
export function DeployForm({ name: fixed, providers = [] }: DeployFormProps) {
  const [files, setFiles] = useState<readonly File[]>([])
  const [typed, setTyped] = useState('')
  const [provider, setProvider] = useState('')
  const ids = { title: useId(), files: useId(), name: useId(), provider: useId() }
  const suggested = files.length === 1 ? (files[0]?.name.replace(/\.[^.]*$/, '') ?? '') : ''
  const name = fixed ?? (typed.trim() || suggested)
  const deploy = useDeployment()
  const submit = (event: FormEvent) => {
    event.preventDefault()
    deploy.mutate({ name, files, provider })
  }
  const lacks = files.length === 0 || name === ''
  return (
    <form onSubmit={submit} aria-labelledby={ids.title} className="panel">
      <h2 id={ids.title}>{fixed ? 'Deploy another version' : 'Deploy a function'}</h2>
      <div className="field">
        <label htmlFor={ids.files}>Files</label>
        <input
          id={ids.files}
          type="file"
          multiple
          onChange={({ target }) => setFiles([...(target.files ?? [])])}
        />
        <small className="hint">its code, and function.json where it needs one</small>
      </div>
      {fixed === undefined && (
        <div className="field">
          <label htmlFor={ids.name}>Name</label>
          <input
            id={ids.name}
            value={typed}
            placeholder={suggested}
            autoComplete="off"
            onChange={({ target }) => setTyped(target.value)}
          />
        </div>
      )}
      {providers.length > 1 && (
        <div className="field">
          <label htmlFor={ids.provider}>Provider</label>
          <select
            id={ids.provider}
            value={provider}
            onChange={({ target }) => setProvider(target.value)}
          >
            <option value="">where it is, else {providers[0]?.name}</option>
            {providers.map((one) => (
              <option key={one.name} value={one.name}>
                {one.name}
              </option>
            ))}
          </select>
        </div>
      )}
      <button type="submit" className="primary" disabled={deploy.isPending || lacks}>
        {deploy.isPending ? 'Deploying…' : 'Deploy'}
      </button>
      <div role="status">
        {deploy.data && (
          <p className="hint">
            Calls go to these files of{' '}
            <Link href={`/functions/${deploy.data.name}`}>{deploy.data.name}</Link> now.
          </p>
        )}
        {deploy.error && <p className="problem">{deploy.error.message}</p>}
      </div>
    </form>
  )
}

interface Deployment {
  readonly name: string
  readonly files: readonly File[]
  /** Empty: where it is. */
  readonly provider: string
}

function useDeployment() {
  const client = useQueryClient()
  return useMutation({
    mutationFn: async ({ name, files, provider }: Deployment) => {
      const contents = files.map(async (file) => [file.name, base64(await file.arrayBuffer())])
      return sendJson<FunctionDetail>('PUT', `/v1/functions/${encodeURIComponent(name)}`, {
        files: Object.fromEntries(await Promise.all(contents)),
        ...(provider !== '' && { provider }),
      })
    },
    onSettled: () =>
      Promise.all(
        ['functions', 'function'].map((key) => client.invalidateQueries({ queryKey: [key] })),
      ),
  })
}

function base64(content: ArrayBuffer): string {
  const bytes = new Uint8Array(content)
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''))
}
