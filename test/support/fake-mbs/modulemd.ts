// Short modulemd documents in MBS's form.

export interface ModulemdOptions {
  readonly name: string;
  readonly stream: string;
  readonly version: string;
  readonly context: string;
  /** One item for each set of dependencies: streams by module name. */
  readonly requires?: readonly Readonly<Record<string, readonly string[]>>[];
  /** name-epoch:version-release.arch */
  readonly rpms?: readonly string[];
}

/** Streams have no quotes, as packagers write them, so that a reader could take 5.10 for a number. */
export function modulemdV2({
  name,
  stream,
  version,
  context,
  requires = [{ platform: ['f40'] }],
  rpms = [],
}: ModulemdOptions): string {
  const sets = requires.map((set) => {
    const lines = Object.entries(set).map(([required, streams]) => `      ${required}: [${streams.join(', ')}]`);
    return [
      `  - buildrequires:`,
      `      platform: [f40]`,
      `    requires:${lines.length === 0 ? ' {}' : ''}`,
      ...lines,
    ].join('\n');
  });
  return [
    '---',
    'document: modulemd',
    'version: 2',
    'data:',
    `  name: ${name}`,
    `  stream: ${stream}`,
    `  version: ${version}`,
    `  context: ${context}`,
    '  summary: A module',
    '  description: >-',
    '    It is for tests.',
    '  license:',
    '    module:',
    '    - MIT',
    '  xmd:',
    '    mbs:',
    '      mse: TRUE',
    ...(sets.length === 0 ? [] : ['  dependencies:', ...sets]),
    ...(rpms.length === 0 ? [] : ['  artifacts:', '    rpms:', ...rpms.map((rpm) => `    - ${rpm}`)]),
    '...',
    '',
  ].join('\n');
}

export function modulemdV1(name: string, stream: string, requires: Readonly<Record<string, string>>): string {
  const lines = Object.entries(requires).map(([required, requiredStream]) => `      ${required}: ${requiredStream}`);
  return [
    '---',
    'document: modulemd',
    'version: 1',
    'data:',
    `  name: ${name}`,
    `  stream: ${stream}`,
    '  dependencies:',
    '    requires:',
    ...lines,
    '...',
    '',
  ].join('\n');
}
