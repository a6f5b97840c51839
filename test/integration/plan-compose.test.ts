// composePlan of a whole service: the plan is what createCompose then does.

import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeRepository, SAMPLE_SOURCES } from '../../src/demo/sample-repository.ts';
import { repository2, startFakePulp2, type FakePulp2 } from '../support/fake-pulp/pulp2.ts';
import { HOSTILE_VALUES } from '../support/hostile-values.ts';
import { temporaryDirectory } from '../support/repo-source.ts';
import { startRunningService, type RunningService } from '../support/running-service.ts';

const PLAN = `query ($input: CreateComposeInput!) { composePlan(input: $input) {
  source { ... on RepoSource { repo packages revisions } ... on PulpSource { resolvedContentSets } }
  packages { nevra name arch sourceNevra path sizeBytes } reuses { id state } reason queuePosition estimatedDoneAt } }`;

interface Plan {
  readonly packages: readonly { readonly nevra: string; readonly path: string }[] | null;
  readonly reuses: { readonly id: string } | null;
  readonly reason: string;
  readonly queuePosition: number | null;
  readonly estimatedDoneAt: string | null;
}

let repo: string;
let pulp: FakePulp2;
let service: RunningService;

beforeAll(async () => {
  repo = join(temporaryDirectory(), 'repo');
  await makeRepository(repo, SAMPLE_SOURCES);
  pulp = await startFakePulp2(repository2('plain'));
  service = await startRunningService({
    ODCS_ENGINE: 'dnf',
    ODCS_PULP: JSON.stringify({ url: pulp.url, kind: 2, username: 'odcs' }),
    ODCS_PULP_PASSWORD: 'a:secret',
  });
});
afterAll(async () => {
  await service.stop();
  await pulp.close();
});

async function plan(input: object) {
  const { data, errors } = await service.query(PLAN, { input });
  return { plan: data?.['composePlan'] as Plan | undefined, error: errors?.[0] };
}

async function stored(): Promise<object> {
  const [counts] = await service.database.query<object>(
    'select (select count(*) from compose) as composes, (select count(*) from compose_event) as events, (select count(*) from idempotency) as keys, (select count(*) from queue_entry) as jobs',
  );
  return counts ?? {};
}

describe('composePlan', () => {
  it('lists exactly the packages that the compose then has, and stores nothing', async () => {
    const before = await stored();
    const input = { source: { repo: { repo, packages: ['hello'] } }, idempotencyKey: 'once' };
    const { plan: planned } = await plan(input);
    expect(planned).toMatchObject({
      source: { repo, packages: ['hello'], revisions: [expect.any(String)] },
      reuses: null,
      queuePosition: 1,
      reason: expect.stringContaining('by dnf'),
    });
    expect(await stored()).toEqual(before);
    const compose = await service.ended(
      await service.request(input),
      'id state packages { nodes { nevra name arch sourceNevra path sizeBytes } }',
    );
    expect(compose['state']).toBe('DONE');
    expect(planned?.packages).toEqual((compose['packages'] as { nodes: unknown }).nodes);
  });

  it('names the compose that would be reused, and lists its packages', async () => {
    const input = { source: { repo: { repo, packages: ['greet'] } } };
    const id = await service.request(input);
    await service.ended(id, 'id');
    const { plan: reusing } = await plan(input);
    expect(reusing).toMatchObject({
      reuses: { id },
      queuePosition: null,
      reason: expect.stringContaining(`Compose ${id}`),
      estimatedDoneAt: expect.any(String),
    });
    expect(reusing?.packages?.map(({ nevra }) => nevra)).toContain('greet-0:0.9-1.x86_64');
    const { plan: generating } = await plan({ ...input, flags: ['NO_REUSE'] });
    expect(generating).toMatchObject({ reuses: null, reason: expect.stringContaining('NO_REUSE') });
    expect(generating?.packages).toEqual(reusing?.packages);
  });

  it('resolves content sets of Pulp', async () => {
    expect((await plan({ source: { pulp: { contentSets: ['plain'] } } })).plan).toMatchObject({
      source: { resolvedContentSets: ['plain'] },
      packages: null,
      reuses: null,
      reason: expect.stringContaining('.repo file'),
    });
    expect((await plan({ source: { pulp: { contentSets: ['absent'] } } })).error).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', fields: [{ path: 'input.source.pulp' }] },
    });
    pulp.fail({ kind: 'status', status: 503 });
    expect((await plan({ source: { pulp: { contentSets: ['plain'] } } })).error).toMatchObject({
      message: expect.stringContaining('HTTP 503'),
      extensions: { code: 'UPSTREAM_UNAVAILABLE', retryable: true },
    });
  });

  it('names the field that a failure of the source is about', async () => {
    const cases: [object, string, string][] = [
      [{ source: { repo: { repo: join(repo, 'nowhere') } } }, 'input.source.repo', 'does not exist'],
      [
        { source: { repo: { repo, packages: ['hello', 'no-such-package'] } } },
        'input.source.repo.packages',
        'no-such-package',
      ],
      [{ source: { repo: { repo: 'not a place' } } }, 'input.source.repo.repo', 'absolute path'],
      [{ source: { repo: { repo } }, secondsToLive: -1 }, 'input.secondsToLive', 'above 0'],
      [{ source: { rawConfig: { name: 'x', commit: 'y' } } }, 'input.source.rawConfig', 'ODCS_RAW_CONFIGS'],
    ];
    for (const [input, path, message] of cases) {
      const { error } = await plan(input);
      expect(error?.extensions, path).toMatchObject({
        code: 'BAD_USER_INPUT',
        retryable: false,
        fields: [{ path, message: expect.stringContaining(message) }],
      });
    }
    expect((await plan({ source: { repo: { repo: 'http://127.0.0.1:1/repo' } } })).error?.extensions).toMatchObject({
      code: 'UPSTREAM_UNAVAILABLE',
      retryable: true,
    });
  });

  it('refuses hostile values as createCompose does', async () => {
    for (const value of HOSTILE_VALUES) {
      for (const source of [
        { repo: { repo: value } },
        { repo: { repo, packages: [value] } },
        { pulp: { contentSets: [value] } },
      ]) {
        const { error } = await plan({ source });
        if (error) expect(error.extensions.code, value.slice(0, 40)).toBe('BAD_USER_INPUT');
        else expect(value).toBe('*');
      }
    }
  });
});
