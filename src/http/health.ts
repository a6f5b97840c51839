// /healthz answers while the process runs. /readyz answers 200 when everything that the process needs is available, and
// otherwise 503 with the failed checks.

import type { FastifyInstance } from 'fastify';
import type { HttpOptions } from './options.ts';

export function registerHealth(
  app: FastifyInstance,
  readiness: HttpOptions['readiness'],
  isStopping: () => boolean,
): void {
  app.get('/healthz', async (_request, reply) => {
    await reply.header('cache-control', 'no-store').send({ status: 'alive' });
  });
  app.get('/readyz', async (_request, reply) => {
    const checks = isStopping() ? { service: 'is stopping' } : await checked(readiness);
    const isReady = Object.values(checks).every((check) => check === true);
    await reply
      .code(isReady ? 200 : 503)
      .header('cache-control', 'no-store')
      .send({ status: isReady ? 'ready' : 'not ready', checks });
  });
}

async function checked(readiness: HttpOptions['readiness']): Promise<Readonly<Record<string, true | string>>> {
  try {
    return await readiness();
  } catch {
    return { readiness: 'The checks failed' };
  }
}
