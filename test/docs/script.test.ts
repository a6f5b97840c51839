// The program in docs/guides/scripts.md, when nothing answers it.

import { spawnSync } from 'node:child_process';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { blocksOf } from '../support/documents/pages.ts';

const [program] = blocksOf('bash').filter(({ at }) => at.startsWith('docs/guides/scripts.md'));

it('the script of the guide ends with 75 if the service does not answer', async () => {
  const port = await closedPort();
  const text = (program?.block.code ?? '').replace(':8080', `:${port}`).replace('--retry 5', '--retry 0');
  expect(text).toContain('--retry 0');
  const { status, stdout, stderr } = spawnSync('bash', ['-c', text], { encoding: 'utf8', timeout: 20_000 });
  expect({ status, stdout, stderr }).toEqual({ status: 75, stdout: '', stderr: 'the service does not answer\n' });
});

async function closedPort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
