// The state diagram of the compose machine, in Mermaid, from the machine itself.

import { composeMachine } from '../../src/compose/machine.ts';

/** One line for each way from a state to another; events that stay in a state are left out. */
export function machineDiagram(): string {
  const ways = new Map<string, string[]>();
  for (const [from, state] of Object.entries(composeMachine.states)) {
    for (const [event, transitions] of state.transitions) {
      for (const target of new Set(transitions.flatMap(({ target: to }) => to ?? []))) {
        const way = `${from} --> ${target.key}`;
        ways.set(way, [...new Set([...(ways.get(way) ?? []), event])]);
      }
    }
  }
  const lines = [...ways].map(([way, events]) => `    ${way}: ${events.join(', ')}`);
  return ['stateDiagram-v2', '    [*] --> WAIT', ...lines, '    REMOVED --> [*]'].join('\n');
}
