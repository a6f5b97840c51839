// One gathering, the way Pungi does it: there is no solver. Each requirement of a chosen package gets one provider, preferably a
// package that is chosen already. The steps repeat from the first one whenever a step has added a package.

import { globMatcher, isGlob } from '../../compose/package-pattern.ts';
import { categoryOf, isDebugName } from '../../compose/rpm-package.ts';
import type { ArchSet } from '../shared/arches.ts';
import { bestCandidates } from './best-candidates.ts';
import { byId, byNevra, type Candidate, type PackagePool } from './package-pool.ts';
import { PythonSet } from './python-set.ts';

interface GatherOptions {
  readonly arches: ArchSet;
  /** Names or globs. A name that ends in `.+` asks for the multilib package only. */
  readonly names: readonly string[];
  /**
   * Pungi gathers twice from a repository. PKGSET also takes build requirements and all packages of a source, with one
   * provider for each requirement. GATHER takes all providers that one source package has for a requirement.
   */
  readonly phase: 'PKGSET' | 'GATHER';
  /** Whether a package of the multilib arch joins the native package of its name. */
  selectsMultilib(pkg: Candidate): boolean;
}

interface Gathered {
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
  return new Gathering(pool, options).run();
}

class Gathering {
  readonly #pool: PackagePool;
  readonly #options: GatherOptions;
  readonly #binary = new PythonSet();
  readonly #debug = new PythonSet();
  readonly #source = new PythonSet();
  /** Source and debug packages of lookaside packages: they stay out of the result. */
  readonly #excluded = new Set<number>();
  readonly #providers = new Map<string, readonly Candidate[]>();
  readonly #unresolved = new Map<string, Unresolved>();
  /** Ids that a step has processed. */
  readonly #visited = {
    binary: new Set<number>(),
    buildRequires: new Set<number>(),
    source: new Set<number>(),
    debug: new Set<number>(),
    debugDependencies: new Set<number>(),
    siblings: new Set<number>(),
    multilib: new Set<number>(),
  };
  readonly #binaryBySourceRpm: ReadonlyMap<string, readonly Candidate[]>;
  readonly #debugBySourceRpm: ReadonlyMap<string, readonly Candidate[]>;
  readonly #sourcesByNvr: ReadonlyMap<string, readonly Candidate[]>;
  readonly #binaryByName: ReadonlyMap<string, readonly Candidate[]>;

  constructor(pool: PackagePool, options: GatherOptions) {
    this.#pool = pool;
    this.#options = options;
    this.#binaryBySourceRpm = Map.groupBy(pool.binary, ({ sourceRpm }) => sourceRpm ?? '');
    this.#debugBySourceRpm = Map.groupBy(pool.debug, ({ sourceRpm }) => sourceRpm ?? '');
    this.#sourcesByNvr = Map.groupBy(pool.source, ({ name, version, release }) => `${name}-${version}-${release}`);
    this.#binaryByName = Map.groupBy(pool.binary, ({ name }) => name);
  }

  run(): Gathered {
    this.#addRequested();
    const isPkgset = this.#options.phase === 'PKGSET';
    const steps = [
      () => this.#addDependencies(),
      ...(isPkgset ? [() => this.#addBuildDependencies()] : []),
      () => this.#addSources(),
      () => this.#addDebugPackages(),
      () => this.#addDebugDependencies(),
      ...(isPkgset ? [() => this.#addSiblings()] : []),
      () => this.#addMultilib(),
    ];
    while (steps.some((step) => this.#grows(step)));
    const chosen = (ids: PythonSet) =>
      [...ids].map((id) => this.#pool.get(id)).filter(({ id, lookaside }) => !lookaside && !this.#excluded.has(id));
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

  #addRequested(): void {
    const requested: Candidate[] = [];
    for (const name of this.#options.names) {
      const multilibOnly = name.endsWith('.+');
      const fitting = this.#named(multilibOnly ? name.slice(0, -2) : name).filter(
        ({ arch }) => !multilibOnly || this.#options.arches.multilib.has(arch),
      );
      for (const candidates of Map.groupBy(fitting, (pkg) => pkg.name).values())
        requested.push(...this.#best(candidates, false));
    }
    for (const pkg of byId(requested)) (categoryOf(pkg) === 'debug' ? this.#debug : this.#binary).add(pkg.id);
  }

  #named(name: string): readonly Candidate[] {
    const matches = globMatcher(name);
    if (isDebugName(name)) return this.#pool.debug.filter((pkg) => matches(pkg.name));
    if (!isGlob(name)) return this.#binaryByName.get(name) ?? [];
    return this.#pool.binary.filter((pkg) => matches(pkg.name));
  }

  #addDependencies(): void {
    for (const id of this.#binary.copyOrder()) {
      const pkg = this.#pool.get(id);
      if (!visit(this.#visited.binary, id) || pkg.lookaside) continue;
      this.#addAll(this.#binary, this.#resolve(pkg, 'binary'));
    }
  }

  #addBuildDependencies(): void {
    const pending = new PythonSet();
    for (const id of this.#source) if (!this.#visited.buildRequires.has(id)) pending.add(id);
    for (const id of pending) {
      this.#visited.buildRequires.add(id);
      this.#addAll(this.#binary, this.#resolve(this.#pool.get(id), 'binary'));
    }
  }

  #addSources(): void {
    for (const id of this.#binary) {
      if (!visit(this.#visited.source, id)) continue;
      const pkg = this.#pool.get(id);
      const nvr = /^(.*)\.(?:no)?src\.rpm$/.exec(pkg.sourceRpm ?? '')?.[1] ?? '';
      const sources = this.#sourcesByNvr.get(nvr) ?? [];
      const source = sources.find(({ lookaside }) => lookaside === pkg.lookaside) ?? sources[0];
      if (!source) continue;
      this.#source.add(source.id);
      if (pkg.lookaside) this.#excluded.add(source.id);
    }
  }

  #addDebugPackages(): void {
    for (const id of this.#binary) {
      if (!visit(this.#visited.debug, id)) continue;
      const pkg = this.#pool.get(id);
      if (pkg.sourceRpm === null) continue;
      for (const debug of this.#debugBySourceRpm.get(pkg.sourceRpm) ?? []) {
        const belongs = debug.name.includes('-debugsource') || debug.name === `${pkg.name}-debuginfo`;
        if (!belongs || debug.arch !== pkg.arch) continue;
        this.#debug.add(debug.id);
        if (pkg.lookaside) this.#excluded.add(debug.id);
      }
    }
  }

  #addDebugDependencies(): void {
    for (const id of this.#debug.copyOrder()) {
      const pkg = this.#pool.get(id);
      if (!visit(this.#visited.debugDependencies, id) || pkg.lookaside) continue;
      this.#addAll(this.#debug, this.#resolve(pkg, 'debug'));
    }
  }

  /** Adds the other packages from the same source: native ones, or multilib ones when only multilib ones are chosen. */
  #addSiblings(): void {
    const { native } = this.#options.arches;
    for (const pkg of this.#binaryByNevra()) {
      if (!visit(this.#visited.siblings, pkg.id) || pkg.sourceRpm === null) continue;
      const siblings = this.#binaryBySourceRpm.get(pkg.sourceRpm) ?? [];
      const isChosen = ({ id }: Candidate) => this.#binary.has(id);
      const own = siblings.filter(({ arch }) => native.has(arch) && arch !== 'noarch');
      const foreign = siblings.filter(({ arch }) => !native.has(arch));
      const arched = own.length > 0 && (own.some(isChosen) || !foreign.some(isChosen)) ? own : foreign;
      const added = [...arched, ...siblings.filter(({ arch }) => arch === 'noarch')].filter(
        (sibling) => !isChosen(sibling),
      );
      for (const sibling of added) this.#visited.siblings.add(sibling.id);
      this.#addAll(this.#binary, added);
    }
  }

  #addMultilib(): void {
    const { native, multilib } = this.#options.arches;
    for (const pkg of this.#binaryByNevra()) {
      if (!visit(this.#visited.multilib, pkg.id) || pkg.arch === 'noarch' || !native.has(pkg.arch)) continue;
      const twins = (this.#binaryByName.get(pkg.name) ?? []).filter(
        ({ arch, version, release }) =>
          arch !== 'noarch' && multilib.has(arch) && version === pkg.version && release === pkg.release,
      );
      const [twin] = this.#best(twins, false);
      if (twin && this.#options.selectsMultilib(twin)) this.#binary.add(twin.id);
    }
  }

  /** Resolves all requirements of a package; the caller adds their providers only after that. */
  #resolve(pkg: Candidate, category: 'binary' | 'debug'): readonly Candidate[] {
    return pkg.requires.flatMap((requirement) => {
      const earlier = this.#providers.get(requirement);
      if (earlier) return earlier;
      const providers = this.#best(this.#pool.providers(requirement, category), this.#options.phase === 'GATHER');
      if (providers.length > 0) this.#providers.set(requirement, providers);
      else this.#addUnresolved(pkg, requirement);
      return providers;
    });
  }

  #addUnresolved({ name, arch }: Candidate, requirement: string): void {
    const pkg = `${name}.${arch}`;
    this.#unresolved.set(`${pkg} ${requirement}`, { pkg, requirement });
  }

  #best(candidates: readonly Candidate[], withSiblings: boolean): readonly Candidate[] {
    const { arches } = this.#options;
    return bestCandidates(candidates, { arches, withSiblings, isChosen: ({ id }) => this.#binary.has(id) });
  }

  #addAll(to: PythonSet, packages: readonly Candidate[]): void {
    for (const { id } of byId(packages)) to.add(id);
  }

  #binaryByNevra(): readonly Candidate[] {
    return [...this.#binary].map((id) => this.#pool.get(id)).sort(byNevra);
  }
}

/** Adds the id; false when it was there. */
function visit(visited: Set<number>, id: number): boolean {
  if (visited.has(id)) return false;
  visited.add(id);
  return true;
}
