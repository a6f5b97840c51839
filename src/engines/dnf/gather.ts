// One gathering, as Pungi does it (shared/pungi/README.md): no solver, but for each requirement of a chosen package one
// provider, preferring what is chosen already. Rounds of steps, beginning anew whenever a step added something.

import { evrOf, kindOf, type Candidate, type PackagePool } from './package-pool.ts';
import { compareEvr } from '../../compose/rpm-version.ts';
import { isDebugName } from '../../compose/rpm-package.ts';
import type { ArchSet } from '../shared/arches.ts';
import { globMatcher, isGlob } from '../../compose/package-pattern.ts';
import { PythonSet } from './python-set.ts';

export interface GatherOptions {
  readonly arches: ArchSet;
  /** Names or globs; one that ends in `.+` asks for the multilib package alone. */
  readonly names: readonly string[];
  /** The first of Pungi's two gatherings: whole source packages and their build requirements, one provider per requirement. */
  readonly wide: boolean;
  /** Whether a package of another arch comes beside the native one of its name. */
  selectsMultilib(pkg: Candidate): boolean;
}

export interface Gathered {
  readonly binary: readonly Candidate[];
  readonly debug: readonly Candidate[];
  readonly source: readonly Candidate[];
  readonly unresolved: readonly Unresolved[];
}

export interface Unresolved {
  /** name.arch */
  readonly pkg: string;
  readonly requirement: string;
}

export function gather(pool: PackagePool, options: GatherOptions): Gathered {
  const gathering = new Gathering(pool, options);
  return gathering.run();
}

class Gathering {
  readonly #pool: PackagePool;
  readonly #options: GatherOptions;
  readonly #binary = new PythonSet();
  readonly #debug = new PythonSet();
  readonly #source = new PythonSet();
  /** Source and debug packages that stay out because a package that they belong to does. */
  readonly #aside = new Set<number>();
  readonly #answers = new Map<string, readonly Candidate[]>();
  readonly #unresolved = new Map<string, Unresolved>();
  readonly #done = {
    binary: new Set<number>(),
    buildRequires: new Set<number>(),
    source: new Set<number>(),
    debug: new Set<number>(),
    debugDeps: new Set<number>(),
    tree: new Set<number>(),
    multilib: new Set<number>(),
  };
  readonly #bySourceRpm: {
    readonly binary: ReadonlyMap<string, readonly Candidate[]>;
    readonly debug: ReadonlyMap<string, readonly Candidate[]>;
  };
  readonly #sourcesByNvr: ReadonlyMap<string, readonly Candidate[]>;
  readonly #binaryByName: ReadonlyMap<string, readonly Candidate[]>;

  constructor(pool: PackagePool, options: GatherOptions) {
    this.#pool = pool;
    this.#options = options;
    this.#bySourceRpm = {
      binary: groupBy(pool.binary, ({ sourceRpm }) => sourceRpm ?? ''),
      debug: groupBy(pool.debug, ({ sourceRpm }) => sourceRpm ?? ''),
    };
    this.#sourcesByNvr = groupBy(pool.source, ({ name, version, release }) => `${name}-${version}-${release}`);
    this.#binaryByName = groupBy(pool.binary, ({ name }) => name);
  }

  run(): Gathered {
    this.#start();
    const { wide } = this.#options;
    const steps = [
      () => this.#dependencies(),
      ...(wide ? [() => this.#buildDependencies()] : []),
      () => this.#sources(),
      () => this.#debugPackages(),
      () => this.#debugDependencies(),
      ...(wide ? [() => this.#wholeSources()] : []),
      () => this.#multilib(),
    ];
    while (steps.some((step) => this.#grows(step)));
    const chosen = (ids: PythonSet) =>
      [...ids].map((id) => this.#pool.get(id)).filter(({ id, lookaside }) => !lookaside && !this.#aside.has(id));
    return {
      binary: chosen(this.#binary),
      debug: chosen(this.#debug),
      source: chosen(this.#source),
      unresolved: [...this.#unresolved.values()],
    };
  }

  #grows(step: () => void): boolean {
    const size = () => this.#binary.size + this.#debug.size + this.#source.size;
    const before = size();
    step();
    return size() > before;
  }

  #start(): void {
    const first: Candidate[] = [];
    for (const asked of this.#options.names) {
      const multilibOnly = asked.endsWith('.+');
      const fitting = this.#named(multilibOnly ? asked.slice(0, -2) : asked).filter(
        ({ arch }) => !multilibOnly || this.#options.arches.multilib.has(arch),
      );
      for (const candidates of groupBy(fitting, ({ name }) => name).values())
        first.push(...this.#best(candidates, false));
    }
    for (const pkg of byId(first)) (kindOf(pkg) === 'debug' ? this.#debug : this.#binary).add(pkg.id);
  }

  #named(asked: string): readonly Candidate[] {
    const matches = globMatcher(asked);
    if (isDebugName(asked)) return this.#pool.debug.filter(({ name }) => matches(name));
    if (!isGlob(asked)) return this.#binaryByName.get(asked) ?? [];
    return this.#pool.binary.filter(({ name }) => matches(name));
  }

  #dependencies(): void {
    for (const id of this.#binary.copyOrder()) {
      const pkg = this.#pool.get(id);
      if (!first(this.#done.binary, id) || pkg.lookaside) continue;
      this.#addAll(this.#binary, this.#resolve(pkg, 'binary'));
    }
  }

  #buildDependencies(): void {
    const pending = new PythonSet();
    for (const id of this.#source) if (!this.#done.buildRequires.has(id)) pending.add(id);
    for (const id of pending) {
      this.#done.buildRequires.add(id);
      this.#addAll(this.#binary, this.#resolve(this.#pool.get(id), 'binary'));
    }
  }

  #sources(): void {
    for (const id of this.#binary) {
      if (!first(this.#done.source, id)) continue;
      const pkg = this.#pool.get(id);
      const nvr = /^(.*)\.(?:no)?src\.rpm$/.exec(pkg.sourceRpm ?? '')?.[1] ?? '';
      const sources = this.#sourcesByNvr.get(nvr) ?? [];
      const source = sources.find(({ lookaside }) => lookaside === pkg.lookaside) ?? sources[0];
      if (!source) continue;
      this.#source.add(source.id);
      if (pkg.lookaside) this.#aside.add(source.id);
    }
  }

  #debugPackages(): void {
    for (const id of this.#binary) {
      if (!first(this.#done.debug, id)) continue;
      const pkg = this.#pool.get(id);
      if (pkg.sourceRpm === null) continue;
      for (const debug of this.#bySourceRpm.debug.get(pkg.sourceRpm) ?? []) {
        const belongs = debug.name.includes('-debugsource') || debug.name === `${pkg.name}-debuginfo`;
        if (!belongs || debug.arch !== pkg.arch) continue;
        this.#debug.add(debug.id);
        if (pkg.lookaside) this.#aside.add(debug.id);
      }
    }
  }

  #debugDependencies(): void {
    for (const id of this.#debug.copyOrder()) {
      const pkg = this.#pool.get(id);
      if (!first(this.#done.debugDeps, id) || pkg.lookaside) continue;
      this.#addAll(this.#debug, this.#resolve(pkg, 'debug'));
    }
  }

  /** What else was built from the sources of what is chosen: natively, or as multilib where only that is chosen. */
  #wholeSources(): void {
    const { native } = this.#options.arches;
    for (const pkg of [...this.#binary].map((id) => this.#pool.get(id)).toSorted(byNevra)) {
      if (!first(this.#done.tree, pkg.id) || pkg.sourceRpm === null) continue;
      const siblings = this.#bySourceRpm.binary.get(pkg.sourceRpm) ?? [];
      const isChosen = ({ id }: Candidate) => this.#binary.has(id);
      const own = siblings.filter(({ arch }) => native.has(arch) && arch !== 'noarch');
      const foreign = siblings.filter(({ arch }) => !native.has(arch));
      const arched = own.length > 0 && (own.some(isChosen) || !foreign.some(isChosen)) ? own : foreign;
      const added = [...arched, ...siblings.filter(({ arch }) => arch === 'noarch')].filter(
        (sibling) => !isChosen(sibling),
      );
      for (const sibling of added) this.#done.tree.add(sibling.id);
      this.#addAll(this.#binary, added);
    }
  }

  #multilib(): void {
    const { native, multilib } = this.#options.arches;
    for (const pkg of [...this.#binary].map((id) => this.#pool.get(id)).toSorted(byNevra)) {
      if (!first(this.#done.multilib, pkg.id) || pkg.arch === 'noarch' || !native.has(pkg.arch)) continue;
      const twins = (this.#binaryByName.get(pkg.name) ?? []).filter(
        ({ arch, version, release }) =>
          arch !== 'noarch' && multilib.has(arch) && version === pkg.version && release === pkg.release,
      );
      const [twin] = this.#best(twins, false);
      if (twin && this.#options.selectsMultilib(twin)) this.#binary.add(twin.id);
    }
  }

  /** All requirements of a package are answered before what they bring is added. */
  #resolve(pkg: Candidate, kind: 'binary' | 'debug'): readonly Candidate[] {
    return pkg.requires.flatMap((requirement) => {
      const known = this.#answers.get(requirement);
      if (known) return known;
      const answer = this.#best(this.#pool.providers(requirement, kind), !this.#options.wide);
      if (answer.length > 0) this.#answers.set(requirement, answer);
      else this.#miss(pkg, requirement);
      return answer;
    });
  }

  #miss(pkg: Candidate, requirement: string): void {
    const label = `${pkg.name}.${pkg.arch}`;
    this.#unresolved.set(`${label} ${requirement}`, { pkg: label, requirement });
  }

  #addAll(to: PythonSet, packages: readonly Candidate[]): void {
    for (const { id } of byId(packages)) to.add(id);
  }

  /** The best candidate; with `siblings`, also those of its source package and kind of arch. */
  #best(all: readonly Candidate[], siblings: boolean): readonly Candidate[] {
    const candidates = withoutShadowed(all);
    const { native, multilib, order } = this.#options.arches;
    const isNative = ({ arch }: Candidate) => native.has(arch);
    const isMultilib = ({ arch }: Candidate) => multilib.has(arch);
    const isChosen = ({ id }: Candidate) => this.#binary.has(id);
    const groups = [
      (pkg: Candidate) => isNative(pkg) && isChosen(pkg),
      (pkg: Candidate) => isMultilib(pkg) && isChosen(pkg),
      isNative,
      isMultilib,
    ];
    const group = groups.map((belongs) => candidates.filter(belongs)).find(({ length }) => length > 0) ?? [];
    const [best] = group.toSorted(
      (a, b) =>
        order.indexOf(a.arch) - order.indexOf(b.arch) || a.name.length - b.name.length || compareText(a.name, b.name),
    );
    if (!best) return [];
    return siblings
      ? candidates.filter(
          (pkg) => pkg.sourceRpm === best.sourceRpm && (isNative(best) ? isNative(pkg) : isMultilib(pkg)),
        )
      : [best];
  }
}

/** Where a lookaside repository has the same name and version, only its package counts. */
function withoutShadowed(candidates: readonly Candidate[]): readonly Candidate[] {
  const aside = candidates.filter(({ lookaside }) => lookaside);
  if (aside.length === 0) return candidates;
  return candidates.filter(
    (pkg) =>
      pkg.lookaside || !aside.some((other) => other.name === pkg.name && compareEvr(evrOf(other), evrOf(pkg)) === 0),
  );
}

/** Adds to the set; false where it was there. */
function first(done: Set<number>, id: number): boolean {
  if (done.has(id)) return false;
  done.add(id);
  return true;
}

function byId(packages: readonly Candidate[]): Candidate[] {
  return packages.toSorted((a, b) => a.id - b.id);
}

function byNevra(a: Candidate, b: Candidate): number {
  return compareText(a.name, b.name) || compareEvr(evrOf(a), evrOf(b)) || compareText(a.arch, b.arch);
}

/** By code point, as Python has it; names are ASCII in all but name. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function groupBy(packages: readonly Candidate[], key: (pkg: Candidate) => string): Map<string, Candidate[]> {
  const groups = new Map<string, Candidate[]>();
  for (const pkg of packages) {
    const group = groups.get(key(pkg));
    if (group) group.push(pkg);
    else groups.set(key(pkg), [pkg]);
  }
  return groups;
}
