import { describe, expect, it } from 'vitest';
import { readModulemd } from '../../src/upstreams/mbs/modulemd.ts';
import { modulemdV1, modulemdV2 } from '../support/fake-mbs/modulemd.ts';

const nsvc = { name: 'app', stream: '1', version: '1', context: 'a' };

describe('readModulemd', () => {
  it('reads sets of runtime dependencies with streams, any stream and excluded streams', () => {
    const text = modulemdV2({
      ...nsvc,
      requires: [
        { platform: ['f40'], perl: ['5.30', '5.32'] },
        { python: [], ruby: ['-2.5', '-2.6'] },
      ],
    });
    expect(readModulemd(text)).toEqual({
      dependencies: [
        [
          { name: 'platform', streams: ['f40'], excluded: [] },
          { name: 'perl', streams: ['5.30', '5.32'], excluded: [] },
        ],
        [
          { name: 'python', streams: [], excluded: [] },
          { name: 'ruby', streams: [], excluded: ['2.5', '2.6'] },
        ],
      ],
    });
  });

  it.each(['5.10', '1e3', '0x10', '010', 'yes', 'null', '2026-11-22', '1_000'])(
    'reads the stream %s as text',
    (stream) => {
      expect(readModulemd(modulemdV2({ ...nsvc, requires: [{ lib: [stream] }] }))).toEqual({
        dependencies: [[{ name: 'lib', streams: [stream], excluded: [] }]],
      });
    },
  );

  it('reads a module without dependencies', () => {
    expect(readModulemd(modulemdV2({ ...nsvc, requires: [] }))).toEqual({ dependencies: [] });
    expect(readModulemd(modulemdV2({ ...nsvc, requires: [{}] }))).toEqual({ dependencies: [[]] });
    expect(readModulemd('document: modulemd\nversion: 2\ndata:\n  dependencies:\n  - requires:\n')).toEqual({
      dependencies: [[]],
    });
    expect(readModulemd('document: modulemd\nversion: 1\ndata:\n  dependencies:\n    requires:\n')).toEqual({
      dependencies: [[]],
    });
  });

  it('reads version 1 of the format as one set', () => {
    expect(readModulemd(modulemdV1('app', '1', { lib: '2.0' }))).toEqual({
      dependencies: [[{ name: 'lib', streams: ['2.0'], excluded: [] }]],
    });
  });

  it('ignores documents of other kinds', () => {
    const defaults = '---\ndocument: modulemd-defaults\nversion: 1\ndata:\n  module: app\n...\n';
    expect(readModulemd(defaults + modulemdV2({ ...nsvc, requires: [] }))).toEqual({ dependencies: [] });
  });

  it('reports a bomb of aliases as a problem', () => {
    const levels = Array.from(
      { length: 20 },
      (_, index) => `  l${index + 1}: &l${index + 1} [${Array.from({ length: 9 }, () => `*l${index}`).join(', ')}]`,
    );
    const text = ['document: modulemd', 'version: 2', 'data:', '  l0: &l0 [x]', ...levels, ''].join('\n');
    expect(readModulemd(text)).toMatchObject({ problem: expect.any(String) });
  });

  it.each([
    '',
    'text',
    '[1, 2]',
    'document: modulemd\nversion: 2\n',
    'document: modulemd\nversion: 3\ndata: {}\n',
    'document: modulemd\nversion: 2\ndata: {dependencies: {requires: {lib: 1}}}\n',
    'document: modulemd\nversion: 2\ndata: {dependencies: [{requires: [lib]}]}\n',
    'document: modulemd\nversion: 2\ndata: {dependencies: [{requires: {lib: {a: b}}}]}\n',
    'a: b: c: [',
    '{{{',
    `${modulemdV2(nsvc)}${modulemdV2(nsvc)}`,
  ])('reports a text that is no modulemd document of one module: %j', (text) => {
    expect(readModulemd(text)).toMatchObject({ problem: expect.any(String) });
  });

  it('reads modules that are named like members of an object', () => {
    const result = readModulemd(
      'document: modulemd\nversion: 2\ndata: {dependencies: [{requires: {__proto__: [x], constructor: [y]}}]}\n',
    );
    expect(
      'problem' in result ||
        result.dependencies.flat().every(({ name }) => name === 'constructor' || name === '__proto__'),
    ).toBe(true);
  });
});
