// The dnf engine selects the same packages as real Pungi, in every recorded scenario.

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
  const lookasides = sources.filter(({ lookaside }) => lookaside);
  return selectPackages(
    { arch: 'x86_64', names: packages, followDependencies: !flags.includes('NO_DEPS'), multilib, isPackageSet },
    {
      packages: describePackages(sources.filter(({ lookaside }) => !lookaside)),
      lookasides: lookasides.length > 0 ? [describePackages(lookasides)] : [],
      constraints: ({ name }) => constraints.get(name) ?? { excludeArch: [], exclusiveArch: [] },
    },
  );
}

describe('selectPackages selects the packages of real Pungi from a repository:', () => {
  it.each(goldenScenarios().filter(({ expected }) => expected !== null))('$name', (scenario) => {
    const { binary, debug, source } = select(scenario);
    expect([...binary, ...debug, ...source].map(nevra).sort()).toEqual([...(scenario.expected ?? [])].sort());
  });
});

describe('selectPackages selects the packages of real Pungi from a Koji tag:', () => {
  const ofKoji = kojiAnswers();

  it.each(goldenScenarios().filter(({ name, expected }) => expected !== null && ofKoji[name] !== null))(
    '$name',
    (scenario) => {
      // A tag has the build that was tagged last, whatever its version. Pungi ignores nosrc packages.
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

describe('selectPackages finds unsatisfied requirements', () => {
  it.each(goldenScenarios().filter(({ flags }) => flags.includes('CHECK_DEPS')))(
    'exactly when Pungi fails: $name',
    (scenario) => {
      expect(select(scenario).unresolved.length > 0).toBe(scenario.expected === null);
    },
  );
});
