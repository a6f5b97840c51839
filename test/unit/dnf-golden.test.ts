// The dnf engine's choice against real Pungi's, over every scenario that was recorded of it.

import { describe, expect, it } from 'vitest';
import { nevra } from '../../src/compose/rpm-package.ts';
import { selectPackages, type ArchConstraints } from '../../src/engines/dnf/select-packages.ts';
import { describePackages, goldenScenarios, kojiAnswers, type GoldenScenario } from '../support/golden-scenarios.ts';

function select({ sources, packages, flags, multilib }: GoldenScenario, isPackageSet = false) {
  const words = (text: string | undefined) => (text ? text.split(' ') : []);
  const constraints = new Map<string, ArchConstraints>(
    sources.map(({ name, excludeArch, exclusiveArch }) => [
      name,
      { excludeArch: words(excludeArch), exclusiveArch: words(exclusiveArch) },
    ]),
  );
  const aside = sources.filter(({ lookaside }) => lookaside);
  return selectPackages(
    { arch: 'x86_64', names: packages, followDependencies: !flags.includes('NO_DEPS'), multilib, isPackageSet },
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

describe('of what a tag of Koji has, the packages that are chosen are those that real Pungi chose', () => {
  const ofKoji = kojiAnswers();

  it.each(goldenScenarios().filter(({ name, expected }) => expected !== null && ofKoji[name] !== null))(
    '$name',
    (scenario) => {
      // A tag has the build that was tagged last, whatever its version, and nosrc packages are nothing to Pungi.
      const sources = [
        ...new Map(scenario.sources.map((source) => [`${source.name} ${source.lookaside}`, source])).values(),
      ];
      const { binary, debug, source } = select({ ...scenario, sources }, true);
      expect([...binary, ...debug, ...source].map(nevra).sort()).toEqual(
        [...(ofKoji[scenario.name] ?? scenario.expected ?? [])].sort(),
      );
    },
  );
});

describe('where Pungi fails for a requirement that nothing provides', () => {
  it.each(goldenScenarios().filter(({ flags }) => flags.includes('CHECK_DEPS')))(
    '$name: it is found out, and only there',
    (scenario) => {
      expect(select(scenario).unresolved.length > 0).toBe(scenario.expected === null);
    },
  );
});
