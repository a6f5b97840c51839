// Run as a program: starts a process group, prints it as JSON once its program says `ready`, and waits to be killed, like a
// worker that dies.

import { minimalEnvironment, runProcess } from '../../src/engines/supervisor/run-process.ts';
import type { ProcessGroup } from '../../src/app/ports.ts';

const [script = ''] = process.argv.slice(2);
let group: ProcessGroup | null = null;
await runProcess({
  file: '/bin/sh',
  args: ['-c', script],
  cwd: '/',
  env: minimalEnvironment('/usr/bin:/bin', '/tmp'),
  signal: new AbortController().signal,
  onOutput: (line) => line === 'ready' && process.stdout.write(`${JSON.stringify(group)}\n`),
  registerProcessGroup: async (started) => {
    group = started;
  },
});
