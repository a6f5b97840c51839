import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { canonicalEvent } from '../../src/sources/koji/canonical-event.ts';
import { KojiHub } from '../../src/upstreams/koji/koji-hub.ts';
import { startFakeKoji, type FakeKoji } from '../support/fake-koji/index.ts';
import { MemoryKojiEventStore } from '../support/koji-event-store.ts';

const never = new AbortController().signal;

let koji: FakeKoji;
let hub: KojiHub;
let store: MemoryKojiEventStore;

beforeEach(async () => {
  koji = await startFakeKoji();
  hub = new KojiHub(koji.profile());
  store = new MemoryKojiEventStore();
  koji.addTag('root');
  koji.addTag('base', { parents: ['root'] });
  koji.addTag('f43', { parents: ['base'] });
  koji.addTag('other');
  koji.addBuild('bash-5.3-1');
});

afterEach(async () => {
  await hub.close();
  await koji.stop();
});

async function event(inheritance = true): Promise<number> {
  const answer = await canonicalEvent(hub, store, { tag: 'f43', inheritance }, never);
  if ('failure' in answer) throw new Error(answer.failure.message);
  return answer.value;
}

describe('The canonical event of a tag', () => {
  it('does not change with events of other tags', async () => {
    const first = await event();
    koji.eventElsewhere();
    koji.tagBuild('other', 'bash-5.3-1');
    koji.addTag('child', { parents: ['f43'] });
    expect(await event()).toBe(first);
    // One call is enough when the row exists.
    expect(koji.methods().filter((method) => method === 'tagChangedSinceEvent')).toHaveLength(1);
  });

  it('is the last change of the tag, so that two services with two databases agree', async () => {
    koji.tagBuild('f43', 'bash-5.3-1');
    const change = koji.lastEvent;
    koji.eventElsewhere();
    expect(await event()).toBe(change);
    store.rows.clear();
    koji.eventElsewhere();
    expect(await event()).toBe(change);
  });

  it.each([
    ['a build is tagged in it', () => koji.tagBuild('f43', 'bash-5.3-1')],
    ['a build is tagged in its parent', () => koji.tagBuild('base', 'bash-5.3-1')],
    ["a build is tagged in its parent's parent", () => koji.tagBuild('root', 'bash-5.3-1')],
    ['a package is blocked in its parent', () => koji.blockPackage('base', 'bash')],
    ['it inherits from another tag', () => koji.inherit('f43', 'other', { priority: 5 })],
    ['its parent inherits no more', () => koji.disinherit('base', 'root')],
  ])('changes when %s', async (_what, change) => {
    const first = await event();
    koji.eventElsewhere();
    change();
    const last = koji.lastEvent;
    koji.eventElsewhere();
    expect(await event()).toBe(last);
    expect(last).toBeGreaterThan(first);
    expect(await event()).toBe(last);
  });

  it('follows a tag that is inherited since recently', async () => {
    koji.inherit('f43', 'other', { priority: 5 });
    await event();
    koji.tagBuild('other', 'bash-5.3-1');
    expect(await event()).toBe(koji.lastEvent);
  });

  it('is separate with and without inheritance', async () => {
    await event(true);
    await event(false);
    expect([...store.rows.values()].map(({ inheritance }) => inheritance)).toEqual([true, false]);
  });

  it('does not change with a change during the calls to the hub', async () => {
    const first = await event();
    koji.beforeAnswer = ({ method }) => {
      if (method !== 'tagChangedSinceEvent') return;
      koji.beforeAnswer = null;
      koji.tagBuild('f43', 'bash-5.3-1');
    };
    expect(await event()).toBe(first);
    expect(await event()).toBe(koji.lastEvent);
  });

  it('is computed again if another worker replaced it first', async () => {
    await event();
    koji.tagBuild('f43', 'bash-5.3-1');
    store.beforeReplace = () => {
      store.beforeReplace = null;
      koji.addPackage('f43', 'zlib');
      store.rows.set('["fake","f43",true]', { profile: 'fake', tag: 'f43', inheritance: true, event: koji.lastEvent });
    };
    expect(await event()).toBe(koji.lastEvent);
    expect(store.rows.get('["fake","f43",true]')?.event).toBe(koji.lastEvent);
  });

  it('is answered even if others always replace it first', async () => {
    store.beforeReplace = () => {
      koji.addPackage('f43', 'zlib');
      store.rows.set('["fake","f43",true]', {
        profile: 'fake',
        tag: 'f43',
        inheritance: true,
        event: koji.lastEvent - 1,
      });
    };
    expect(await event()).toBeLessThanOrEqual(koji.lastEvent);
  });

  it("is the hub's last event if an old hub does not support tagLastChangeEvent, and stays the same", async () => {
    koji.unknownMethods.add('tagLastChangeEvent');
    koji.eventElsewhere();
    const first = await event();
    expect(first).toBe(koji.lastEvent);
    koji.eventElsewhere();
    expect(await event()).toBe(first);
  });

  it('is corrected if the hub was restored to an earlier event', async () => {
    store.rows.set('["fake","f43",true]', { profile: 'fake', tag: 'f43', inheritance: true, event: 1_000_000 });
    expect(await event()).toBeLessThanOrEqual(koji.lastEvent);
    expect(store.rows.get('["fake","f43",true]')?.event).toBeLessThanOrEqual(koji.lastEvent);
  });

  it('is kept after a failure', async () => {
    const first = await event();
    koji.tagBuild('f43', 'bash-5.3-1');
    koji.breakMethod('tagLastChangeEvent', { kind: 'fault', code: 1014, text: 'maintenance' });
    expect(await canonicalEvent(hub, store, { tag: 'f43', inheritance: true }, never)).toMatchObject({
      failure: { code: 'UPSTREAM_UNAVAILABLE' },
    });
    expect(store.rows.get('["fake","f43",true]')?.event).toBe(first);
    koji.deleteTag('f43');
    expect(await canonicalEvent(hub, store, { tag: 'f43', inheritance: true }, never)).toMatchObject({
      failure: { code: 'INVALID_SOURCE' },
    });
  });
});
