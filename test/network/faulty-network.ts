/** Starts validators with a proxy between each two, and the first one on a small disk, where the machine allows it. */

import { type Ending, startValidators, type ValidatorOptions } from '../e2e/validator-nodes.ts'
import type { FaultyNetwork } from './faults.ts'
import { LinkMesh } from './link-mesh.ts'
import { canMount, mountSmallDisk } from './small-disk.ts'

/** @param diskMebibytes - size of the first one's disk */
export async function startFaultyNetwork(
  t: Ending,
  options: Omit<ValidatorOptions, 'route'> & { readonly diskMebibytes: number },
): Promise<FaultyNetwork> {
  const { folder, diskMebibytes } = options
  const hasDisk = await canMount(folder)
  const disk = hasDisk ? await mountSmallDisk(`${folder}/data-0`, diskMebibytes) : undefined
  const meshes: LinkMesh[] = []
  const route = async (ports: readonly number[]) => {
    const mesh = await LinkMesh.open(ports)
    meshes.push(mesh)
    return (from: number, to: number) => mesh.address(from, to)
  }
  const validators = await startValidators(t, { ...options, route })
  const [mesh] = meshes
  if (mesh === undefined) throw new Error('there are no links')
  t.after(() => mesh.close())
  t.after(async () => disk?.remove())
  return { folder, validators, mesh, disk }
}
