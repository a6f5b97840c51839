// The dnf engine's choice against real Pungi's, over every scenario that was recorded of it.

import { describe, expect, it } from 'vitest';
import { nevra } from '../../src/compose/rpm-package.ts';
import { selectPackages, type ArchConstraints } from '../../src/engines/dnf/select-packages.ts';
import { describePackages, goldenScenarios, type GoldenScenario } from '../support/golden-scenarios.ts';

function select({ sources, packages, flags, multilib }: GoldenScenario) {
  const words = (text: string | undefined) => (text ? text.split(' ') : []);
  const constraints = new Map<string, ArchConstraints>(
    sources.map(({ name, excludeArch, exclusiveArch }) => [name, { excludeArch: words(excludeArch), exclusiveArch: words(exclusiveArch) }]),
  );
  const aside = sources.filter(({ lookaside }) => lookaside);
  return selectPackages(
    { arch: 'x86_64', names: packages, followDependencies: !flags.includes('NO_DEPS'), multilib, isPackageSet: false },
    {
      packages: describePackages(sources.filter(({ lookaside }) => !lookaside)),
      lookasides: aside.length > 0 ? [describePackages(aside)] : [],
      constraints: ({ name }) => constraints.get(name) ?? { excludeArch: [], exclusiveArch: [] },
    },
  );
}

describe('the packages that are chosen are those that real Pungi chose', () => {
  it.each(goldenScenarios().filter(({ expected }) => expected !== null))('$name', (scenario) => {
    const { binary, debug, source } = select(scenario);
    expect([...binary, ...debug, ...source].map(nevra).sort()).toEqual([...(scenario.expected ?? [])].sort());
  });
});

describe('where Pungi fails for a requirement that nothing provides', () => {
  it.each(goldenScenarios().filter(({ flags }) => flags.includes('CHECK_DEPS')))('$name: it is found out, and only there', (scenario) => {
    expect(select(scenario).unresolved.length > 0).toBe(scenario.expected === null);
  });
});
