import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { StartedParts } from '../../src/bootstrap/started-parts.ts';
import { keepingLogger, silentLogger } from '../support/logger.ts';

describe('the stop of started parts', () => {
  it('stops them in the reverse order, also if one fails to stop', async () => {
    const stopped: string[] = [];
    const parts = new StartedParts(silentLogger);
    parts.add(async () => void stopped.push('first'));
    parts.add(() => Promise.reject(new Error('no')));
    parts.add(async () => void stopped.push('last'));
    await parts.stop();
    expect(stopped).toEqual(['last', 'first']);
  });

  it('lets a second stop wait for the first', async () => {
    const parts = new StartedParts(silentLogger);
    const drain = Promise.withResolvers<void>();
    const ended: string[] = [];
    parts.add(async () => {
      await drain.promise;
      ended.push('part');
    });
    const first = parts.stop();
    const second = parts.stop().then(() => ended.push('second stop'));
    await turn();
    drain.resolve();
    await Promise.all([first, second]);
    expect(ended).toEqual(['part', 'second stop']);
  });

  it('returns at the limit if a part never stops', async () => {
    const { logger, entries } = keepingLogger();
    const parts = new StartedParts(logger);
    parts.add(() => new Promise(() => {}));
    await parts.stop(20);
    expect(entries).toMatchObject([{ level: 'error', details: { limitMs: 20 } }]);
  });
});
