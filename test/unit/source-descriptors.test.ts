import { describe, expect, it } from 'vitest';
import { SOURCE_DESCRIPTORS, SOURCE_TYPES, type ComposeSourceInput } from '../../src/compose/sources/descriptors.ts';
import { validateRequest } from '../../src/compose/validate-request.ts';
import { COMPOSE_FLAGS, type ComposeFlag } from '../../src/compose/vocabulary.ts';
import type { SourceType } from '../../src/compose/sources/descriptors.ts';
import { REQUEST_RULES } from '../support/request-rules.ts';

const INPUTS: Readonly<Record<SourceType, ComposeSourceInput>> = {
  TAG: { tag: { tag: 'f43' } },
  MODULE: { module: { modules: ['a:1'] } },
  REPO: { repo: { repo: '/srv/r' } },
  PULP: { pulp: { contentSets: ['s'] } },
  RAW_CONFIG: { rawConfig: { name: 'pungi-fedora', commit: 'main' } },
  BUILD: { build: { builds: ['a-1-1'] } },
  PUNGI_COMPOSE: { pungiCompose: { url: 'https://composes.example/compose/Everything' } },
};

const FLAGS: Readonly<Record<SourceType, readonly ComposeFlag[]>> = {
  TAG: ['NO_DEPS', 'NO_INHERITANCE', 'CHECK_DEPS', 'INCLUDE_DONE_MODULES', 'NO_REUSE'],
  MODULE: ['NO_DEPS', 'CHECK_DEPS', 'INCLUDE_DONE_MODULES', 'NO_REUSE'],
  REPO: ['NO_DEPS', 'CHECK_DEPS', 'NO_REUSE'],
  PULP: ['INCLUDE_UNPUBLISHED_PULP_REPOS', 'IGNORE_ABSENT_PULP_REPOS', 'NO_REUSE', 'USE_ONLY_COMPATIBLE_ARCH'],
  RAW_CONFIG: ['NO_REUSE'],
  BUILD: ['NO_DEPS', 'CHECK_DEPS', 'NO_REUSE'],
  PUNGI_COMPOSE: ['NO_DEPS', 'CHECK_DEPS', 'NO_REUSE'],
};

describe.each(SOURCE_TYPES)('a source of type %s', (type) => {
  const { [type]: source } = INPUTS;

  it('is read from the field of its descriptor, and from no other', () => {
    expect(Object.keys(source)).toEqual([SOURCE_DESCRIPTORS[type].field]);
    expect(validateRequest({ source }, REQUEST_RULES)).toMatchObject({ request: { source: { type } } });
  });

  it('has exactly the fields that its descriptor describes', () => {
    const answer = validateRequest({ source }, REQUEST_RULES);
    const read = 'request' in answer ? answer.request.source : null;
    expect(Object.keys({ ...read }).sort()).toEqual(['type', ...Object.keys(SOURCE_DESCRIPTORS[type].fields)].sort());
  });

  it.each(COMPOSE_FLAGS)('takes the flag %s, or refuses it by name', (flag) => {
    const answer = validateRequest({ source, flags: [flag] }, REQUEST_RULES);
    const problems = 'problems' in answer ? answer.problems.map(({ path }) => path) : [];
    expect(problems).toEqual(FLAGS[type].includes(flag) ? [] : ['input.flags.0']);
  });
});
