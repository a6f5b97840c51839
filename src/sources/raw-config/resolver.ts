// A raw configuration as a compose's source: the files of its git repository at a commit, the wrapper around them filled
// in, and Pungi's own word that all of it is valid. Where the compose has the dump of an earlier one, that is the
// configuration.

import { createHash } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { ProcessRunner, ResolveContext, ResolvedInput, SourceResolver } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { RawConfigSource as RawConfigRequest } from '../../compose/source.ts';
import { GitSource } from '../git/git-source.ts';
import { dumpConfig, validateConfig, type ToolContext } from './pungi-tools.ts';
import { releaseOf } from './release.ts';
import { renderWrapper, wrapperKind } from './wrapper.ts';

export interface RawConfig {
  readonly url: string;
  /** The directory of the configuration in the repository. */
  readonly path?: string | undefined;
  readonly configFile: string;
  readonly commit?: string | undefined;
  /** The wrapper's path on this machine. */
  readonly wrapper?: string | undefined;
  readonly schemaOverride: readonly string[];
  readonly timeoutSeconds?: number | undefined;
  readonly arguments: readonly string[];
}

export interface RawConfigSourceOptions {
  readonly configs: Readonly<Record<string, RawConfig>>;
  /** PATH of git and Pungi's tools. */
  readonly path: string;
  /** For looking before there is an attempt. */
  readonly run: ProcessRunner;
  readonly retry?: { readonly attempts: number; readonly firstPauseMs: number };
}

interface Asked {
  readonly config: RawConfig;
  readonly source: RawConfigRequest;
  readonly git: GitSource;
  /** The wrapper's template. */
  readonly wrapper: string | null;
}

type Failed = { readonly failure: ComposeFailure };

const PROTOCOLS = ['https', 'http', 'ssh', 'git'];
const WRAPPED = 'odcs-wrapper';
const DUMPED = 'odcs-dump.json';

export class RawConfigSource implements SourceResolver {
  readonly #options: RawConfigSourceOptions;

  constructor(options: RawConfigSourceOptions) {
    this.#options = options;
  }

  /** What the configuration is follows from the commit, the wrapper as it is filled in, and the dump that takes its place. */
  async identify(compose: Compose, signal: AbortSignal): Promise<{ readonly fingerprint: readonly string[] } | Failed> {
    const asked = await this.#ask(compose);
    if ('failure' in asked) return asked;
    const scratch = await mkdtemp(join(tmpdir(), 'odcs-identify-'));
    try {
      const resolved = await asked.git.resolve(asked.config.url, revisionOf(asked), { run: this.#options.run, scratch, signal });
      return 'failure' in resolved ? resolved : { fingerprint: fingerprintOf(compose, asked, resolved.commit) };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async resolve(compose: Compose, context: ResolveContext): Promise<{ readonly input: ResolvedInput } | Failed> {
    const asked = await this.#ask(compose);
    if ('failure' in asked) return asked;
    const { config, source, git } = asked;
    const checkout = join(context.scratch, 'raw-config');
    const gitScratch = join(context.scratch, 'git');
    await mkdir(gitScratch, { recursive: true });
    const checkedOut = await git.checkOut(config.url, revisionOf(asked), checkout, { run: context.run, scratch: gitScratch, signal: context.signal });
    if ('failure' in checkedOut) return checkedOut;
    const { commit } = checkedOut;
    context.log(`Checked out ${config.url} at ${commit}\n`);
    const directory = join(checkout, config.path ?? '.');
    const top = await writeTop(compose, asked, commit, directory);
    if ('failure' in top) return top;
    const tools: ToolContext = { ...context, path: this.#options.path, hidden: [[`${directory}/`, ''], [`${checkout}/`, ''], [checkout, '(configuration)'], [context.scratch, '(scratch)']] };
    const overrides = config.schemaOverride.map((path) => (isAbsolute(path) ? path : join(checkout, path)));
    const invalid = await validateConfig(directory, top.configFile, overrides, tools);
    if (invalid) return { failure: invalid };
    const dumped = await dumpConfig(directory, top.configFile, tools);
    if ('failure' in dumped) return dumped;
    const released = releaseOf(dumped.dump);
    if ('problem' in released) return { failure: failure('INVALID_SOURCE', `The raw configuration does not name its release as it must: ${released.problem}`) };
    const rawConfig = { directory, configFile: top.configFile, release: released.release, kojiEvent: source.kojiEvent, timeoutSeconds: config.timeoutSeconds ?? null, arguments: config.arguments };
    return { input: { source: { ...source, resolvedCommit: commit }, fingerprint: fingerprintOf(compose, asked, commit), repositories: [], lookasides: [], rawConfig } };
  }

  async #ask({ source }: Compose): Promise<Asked | Failed> {
    if (source.type !== 'RAW_CONFIG') return { failure: failure('INTERNAL', `A source of type ${source.type} is no raw configuration`) };
    const { [source.name]: config } = this.#options.configs;
    if (!config || !Object.hasOwn(this.#options.configs, source.name)) return { failure: failure('INVALID_SOURCE', `The raw configuration ${source.name} is not configured on the worker; tell an administrator`) };
    const wrapper = config.wrapper === undefined ? null : await readFile(config.wrapper, 'utf8').catch(() => undefined);
    if (wrapper === undefined) return { failure: failure('ENGINE_FAILED', `The wrapper of the raw configuration ${source.name} cannot be read on the worker; tell an administrator`) };
    const own = /^[a-z]+/.exec(config.url)?.[0] ?? '';
    const { path, retry } = this.#options;
    // A URL that is not one of the usual ones is the operator's word.
    const git = new GitSource({ path, urls: [config.url], protocols: PROTOCOLS.includes(own) ? PROTOCOLS : [own], ...(retry && { retry }) });
    return { config, source, git, wrapper };
  }
}

function revisionOf({ config, source }: Asked): string {
  return config.commit ?? source.commit;
}

function fingerprintOf(compose: Compose, asked: Asked, commit: string): readonly string[] {
  const { source, wrapper, config } = asked;
  const rendered = wrapper === null ? { text: '' } : renderWrapper(wrapper, compose, commit, wrapperKind(config.wrapper ?? ''));
  return [
    `commit ${commit}`,
    `wrapper ${sha256('text' in rendered ? rendered.text : rendered.problem)}`,
    `dump ${compose.pungiConfigDump === null ? 'none' : sha256(compose.pungiConfigDump)}`,
    // Without an event, what the configuration names may have changed in the meantime.
    source.kojiEvent === null ? `unshared ${compose.id}` : `event ${source.kojiEvent}`,
  ];
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** The file that Pungi is to read, in the directory: the configuration's own, the wrapper, or the dump. */
async function writeTop(compose: Compose, { config, wrapper }: Asked, commit: string, directory: string): Promise<{ readonly configFile: string } | Failed> {
  const { configFile } = config;
  const stats = await lstat(join(directory, configFile)).catch(() => null);
  if (!stats) return { failure: failure('INVALID_SOURCE', `There is no ${join(config.path ?? '.', configFile)} in ${config.url} at ${commit}`) };
  if (compose.pungiConfigDump !== null) return { configFile: await writeNew(directory, DUMPED, compose.pungiConfigDump) };
  if (wrapper === null || config.wrapper === undefined) return { configFile };
  const kind = wrapperKind(config.wrapper);
  const rendered = renderWrapper(wrapper, compose, commit, kind);
  if ('problem' in rendered) return { failure: failure('ENGINE_FAILED', `The wrapper of the raw configuration is not usable: ${rendered.problem}; tell an administrator`) };
  return { configFile: await writeNew(directory, `${WRAPPED}.${kind === 'json' ? 'json' : 'conf'}`, rendered.text) };
}

/** In place of what may be there by this name, a link included. */
async function writeNew(directory: string, name: string, content: string): Promise<string> {
  await rm(join(directory, name), { recursive: true, force: true });
  await writeFile(join(directory, name), content, { flag: 'wx' });
  return name;
}
