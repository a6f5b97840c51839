// The program in docs/guides/dashboards.md, which must lose no event when its connection breaks.

import { createInterface } from 'node:readline';
import { expect, it } from 'vitest';
import { blocksOf } from '../support/documents/pages.ts';
import { DocumentService } from '../support/documents/service.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

const [program] = blocksOf('js').filter(({ block }) => block.info[1] === 'endless');

it('the dashboard of the guide shows every change once, also those while it was not connected', async () => {
  const service = await DocumentService.start();
  await service.makeComposes();
  const proxy = await startTcpProxy(service.url);
  const child = service.spawn('js', service.substituted(program?.block.code ?? '', proxy.url));
  const seen: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => seen.push(line.split(' ').slice(0, 2).join(' ')));
  try {
    await expect.poll(() => seen).toContain('2 DONE');
    const connected = await service.makeCompose();
    await expect.poll(() => seen).toContain(`${connected} DONE`);
    proxy.refuse();
    const away = await service.makeCompose();
    proxy.restore();
    await expect.poll(() => seen).toContain(`${away} DONE`);
    for (const id of [connected, away])
      expect(seen.filter((line) => line.startsWith(`${id} `))).toEqual([
        `${id} WAIT`,
        `${id} GENERATING`,
        `${id} DONE`,
      ]);
  } finally {
    child.kill('SIGKILL');
    await proxy.close();
    await service.stop();
  }
});

it('the dashboard of the guide begins with a new page if its cursor belongs to another database', async () => {
  const service = await DocumentService.start();
  await service.makeComposes();
  const code = (program?.block.code ?? '').replace('let after = null;', "let after = 'of another database';");
  expect(code).not.toBe(program?.block.code);
  const child = service.spawn('js', service.substituted(code));
  const seen: string[] = [];
  createInterface({ input: child.stdout! }).on('line', (line) => seen.push(line.split(' ').slice(0, 2).join(' ')));
  try {
    await expect.poll(() => seen).toContain('2 DONE');
    const id = await service.makeCompose();
    await expect.poll(() => seen).toContain(`${id} DONE`);
  } finally {
    child.kill('SIGKILL');
    await service.stop();
  }
});
