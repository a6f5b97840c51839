// Lint rules. The rules about imports between rooms are made of the table in src/docs/rooms.ts.

import { defineConfig, type OxlintOverride } from 'oxlint';
import { ROOMS, type Room } from './src/docs/rooms.ts';

/** Folders below a room are at most this deep. */
const DEEPEST = 3;

interface Pattern {
  readonly regex?: string;
  readonly group?: string[];
  readonly message: string;
}

/** One override for each depth of a room's folders: a path leaves the room by exactly that many `../`. */
function importRules([name, room]: [string, Room]): OxlintOverride[] {
  return Array.from({ length: DEEPEST }, (_, depth) => ({
    files: [`src/${name}/${'*/'.repeat(depth)}*.ts`],
    rules: {
      'eslint/no-restricted-imports': [
        'error',
        { paths: restrictedPackages(name), patterns: patterns(name, room, depth + 1) },
      ],
    },
  }));
}

function patterns(name: string, room: Room, ups: number): Pattern[] {
  const up = '../'.repeat(ups);
  const allowed = room.mayImport.map((entry) => entry.split('/')[0]);
  const denied = Object.keys(ROOMS).filter((other) => other !== name && !allowed.includes(other));
  const message = `${name}/ may import: ${room.mayImport.join(', ') || 'no other room'} (src/docs/rooms.ts)`;
  return [
    ...denied.map((other) => ({ regex: `^${up.replaceAll('.', '\\.')}${other}/`, message })),
    {
      regex: `^${up.replaceAll('.', '\\.')}[^/]+$`,
      message: 'main.ts is the only file at the root of src/, and no room imports it',
    },
    ...(room.mayImport.includes('app/ports')
      ? [
          {
            group: [`${up}app/**`, `!${up}app/ports.ts`, `!${up}app/ports`],
            message: `${name}/ knows the use cases by app/ports only`,
          },
        ]
      : []),
    ...(room.isPure ? [{ group: ['node:*', '!node:crypto'], message: `${name}/ does no I/O` }] : []),
  ];
}

function restrictedPackages(name: string) {
  return Object.entries(ROOMS)
    .filter(([owner]) => owner !== name)
    .flatMap(([owner, { packages = [] }]) =>
      packages.map((text) => ({ name: text, message: `Only ${owner}/ imports ${text} (src/docs/rooms.ts)` })),
    );
}

export default defineConfig({
  plugins: ['typescript', 'unicorn', 'import', 'promise', 'node', 'oxc', 'vitest'],
  options: { typeAware: true },
  categories: { correctness: 'error', suspicious: 'error' },
  rules: {
    'typescript/no-explicit-any': 'error',
    'typescript/no-floating-promises': 'error',
    'typescript/no-misused-promises': 'error',
    'typescript/await-thenable': 'error',
    'typescript/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    'typescript/consistent-type-imports': 'error',
    'eslint/no-console': 'error',
    'eslint/eqeqeq': ['error', 'smart'],
    'eslint/max-lines': ['error', { max: 250 }],
    'eslint/max-lines-per-function': ['error', { max: 40, skipBlankLines: true, skipComments: true }],
    'eslint/no-unused-vars': [
      'error',
      {
        argsIgnorePattern: '^_',
        varsIgnorePattern: '^_',
        destructuredArrayIgnorePattern: '^_',
        caughtErrors: 'all',
        ignoreRestSiblings: true,
      },
    ],
    'node/no-process-env': 'error',
    'import/no-cycle': 'error',
    'import/no-default-export': 'error',
    'eslint/no-shadow': 'off',
    'eslint/no-underscore-dangle': 'off',
    'unicorn/no-array-sort': 'off',
    'import/no-unassigned-import': 'off',
    'typescript/no-unsafe-type-assertion': 'off',
    'unicorn/prefer-add-event-listener': 'off',
    'eslint/no-control-regex': 'off',
    'unicorn/consistent-function-scoping': 'off',
    'typescript/consistent-return': 'off',
    'typescript/no-unnecessary-type-parameters': 'off',
    'import/no-named-as-default-member': 'off',
    'import/no-named-as-default': 'off',
    'unicorn/require-post-message-target-origin': 'off',
    'eslint/no-unmodified-loop-condition': 'off',
    'unicorn/no-useless-spread': 'off',
    'typescript/unbound-method': 'off',
    'typescript/no-base-to-string': 'off',
    'unicorn/prefer-string-starts-ends-with': 'off',
  },
  ignorePatterns: ['dist', 'node_modules', 'data'],
  overrides: [
    ...Object.entries(ROOMS).flatMap(importRules),
    { files: ['.oxlint.config.ts', 'test/vitest.config.ts'], rules: { 'import/no-default-export': 'off' } },
    { files: ['src/config/**'], rules: { 'node/no-process-env': 'off' } },
    {
      files: ['src/setup/*.mjs', 'src/demo/**', 'src/docs/**', 'src/graphql/emit-schema.ts', 'bench/**'],
      rules: { 'eslint/no-console': 'off', 'node/no-process-env': 'off' },
    },
    {
      files: ['test/**'],
      rules: {
        'eslint/no-console': 'off',
        'node/no-process-env': 'off',
        'eslint/max-lines-per-function': 'off',
        'eslint/max-lines': ['error', { max: 400 }],
        // vitest reads which fixtures a fixture needs from an object pattern, also from an empty one.
        'eslint/no-empty-pattern': ['error', { allowObjectPatternsAsParameters: true }],
        'vitest/valid-expect': 'off',
        // Tests with fixtures come from an `it` of their own.
        // The rule does not know it.for.
        'vitest/no-standalone-expect': 'off',
        'vitest/no-conditional-expect': 'off',
        'typescript/restrict-template-expressions': 'off',
      },
    },
  ],
});
