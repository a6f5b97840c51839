import { describe, expect, it } from 'vitest';
import type { Section } from '../../src/sources/pulp/plan-section.ts';
import { mergedDirectory, pulpRepoFile } from '../../src/sources/pulp/repo-file.ts';

const resultUrl = 'https://odcs.example.com/composes/odcs-7/compose/Temporary';

function section(name: string, url: string | null): Section {
  return { name, url, merges: [], arches: ['x86_64'], sigkeys: [], productVersions: [] };
}

describe('The .repo file of a Pulp compose', () => {
  it('has a section for each content set, which points to Pulp', () => {
    expect(
      pulpRepoFile([section('a-rpms', 'https://pulp/$basearch/a'), section('b-rpms', 'https://pulp/b')], {
        flags: [],
        resultUrl,
      }),
    ).toBe(
      '[a-rpms]\nname=a-rpms\nbaseurl=https://pulp/$basearch/a\nenabled=1\ngpgcheck=0\n\n[b-rpms]\nname=b-rpms\nbaseurl=https://pulp/b\nenabled=1\ngpgcheck=0\n',
    );
  });

  it('points to the result for a merged content set, and lets clients skip a missing arch', () => {
    expect(pulpRepoFile([section('a-rpms', null)], { flags: ['USE_ONLY_COMPATIBLE_ARCH'], resultUrl })).toBe(
      `[a-rpms]\nname=a-rpms\nbaseurl=${resultUrl}/a-rpms/$basearch\nenabled=1\ngpgcheck=0\nskip_if_unavailable=1\n`,
    );
  });

  it('is empty without a section', () => {
    expect(pulpRepoFile([], { flags: [], resultUrl })).toBe('');
  });

  it.each(['..', '.', '../../etc', 'a/b', '-rf', 'ü', '%2e%2e', 'x'.repeat(400)])(
    'has a plain name for the directory of %j',
    (name) => {
      expect(mergedDirectory(name)).toMatch(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,199}$/);
      expect(mergedDirectory(name)).not.toBe(mergedDirectory(`${name}x`));
    },
  );
});
