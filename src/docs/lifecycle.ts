// The state diagram of a compose, made from the lifecycle machine.

import { composeMachine } from '../compose/machine.ts';

/** One line for each change of state. Events that stay in a state are left out. */
export function lifecycleDiagram(): string {
  const events = new Map<string, Set<string>>();
  for (const [from, state] of Object.entries(composeMachine.states)) {
    for (const [event, transitions] of state.transitions) {
      for (const target of transitions.flatMap(({ target: states }) => states ?? [])) {
        const change = `${from} --> ${target.key}`;
        events.set(change, (events.get(change) ?? new Set()).add(event));
      }
    }
  }
  const changes = [...events].map(([change, names]) => `    ${change}: ${[...names].join(', ')}`);
  return ['```mermaid', 'stateDiagram-v2', '    [*] --> WAIT', ...changes, '    REMOVED --> [*]', '```'].join('\n');
}
