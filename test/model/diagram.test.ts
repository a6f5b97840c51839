import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { machineDiagram } from '../support/machine-diagram.ts';

it('the README shows the machine as it is', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const [, shown] = /```mermaid\n([\s\S]*?)\n```/.exec(readme) ?? [];
  expect(shown).toBe(machineDiagram());
});
