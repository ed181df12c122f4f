/** Draws a workflow as a graph, with the state of each step. */

import {
  Background,
  type Edge,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from '@xyflow/react'
import '@xyflow/react/dist/style.css'
import type { Step } from '../api/shapes.ts'
import { Icon } from '../parts/icon.tsx'
import { layout } from './layout.ts'
import { type StepView, stateIcons } from './step-states.ts'

type StepNode = Node<{ readonly view: StepView; readonly chosen: boolean }, 'step'>

interface GraphProps {
  readonly steps: readonly Step[]
  readonly views: readonly StepView[]
  readonly chosen: string | undefined
  readonly onChoose: (step: string) => void
}

/** The graph; the list of steps beside it says the same to those who can't see it. */
export function WorkflowGraph({ steps, views, chosen, onChoose }: GraphProps) {
  const places = layout(steps)
  const nodes: StepNode[] = views.map((view) => ({
    ...{ id: view.pointer, type: 'step', position: places.get(view.pointer) ?? { x: 0, y: 0 } },
    data: { view, chosen: view.pointer === chosen },
  }))
  const edges: Edge[] = steps.flatMap(({ pointer, next }) =>
    next.map(({ step, when }) => ({
      ...{ id: `${pointer}-${step}`, source: pointer, target: step, focusable: false },
      ...(when === null ? {} : { label: when }),
    })),
  )
  return (
    <div className="graph" aria-hidden="true">
      <ReactFlow
        nodes={nodes}
        edges={edges}
        nodeTypes={nodeTypes}
        onNodeClick={(_, node) => onChoose(node.id)}
        fitView
        fitViewOptions={{ padding: 0.15, maxZoom: 1 }}
        nodesDraggable={false}
        nodesConnectable={false}
        nodesFocusable={false}
        edgesFocusable={false}
        zoomOnScroll={false}
        preventScrolling={false}
        disableKeyboardA11y
        proOptions={{ hideAttribution: true }}
      >
        <Background gap={16} />
      </ReactFlow>
    </div>
  )
}

function StepBox({ data: { view, chosen } }: NodeProps<StepNode>) {
  return (
    <div className={`step-box state-${view.state.replace(' ', '-')}`} data-chosen={chosen}>
      <Handle type="target" position={Position.Top} />
      <span className="step-mark">
        <Icon name={stateIcons[view.state]} />
      </span>
      <span>
        <strong>{view.name}</strong>
        <small>{view.kind}</small>
      </span>
      <Handle type="source" position={Position.Bottom} />
    </div>
  )
}

const nodeTypes = { step: StepBox }
