// Resolves a RAW_CONFIG source: a Pungi configuration in a git repository at a commit, inside the operators' wrapper if
// there is one, validated by Pungi. A compose with the dump of an earlier compose uses the dump as its configuration.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type {
  IdentifyResult,
  KojiEndpoint,
  ProcessRunner,
  RawConfigInput,
  ResolveContext,
  ResolveResult,
  SourceResolver,
} from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { sourceOfType } from '../../compose/sources/descriptors.ts';
import { failure } from '../../compose/failure.ts';
import type { RawConfig } from '../../compose/raw-config.ts';
import { redactLine } from '../../compose/redaction.ts';
import type { RawConfigSource } from '../../compose/sources/raw-config.ts';
import type { RetryPolicy } from '../../concurrency/retry-policies.ts';
import { invalidSource, type Answer } from '../../upstreams/answer.ts';
import { GIT_PROTOCOLS, GitClient } from '../../upstreams/git/git-client.ts';
import { lastEvent } from '../../upstreams/koji/event.ts';
import type { KojiHub } from '../../upstreams/koji/koji-hub.ts';
import { prepareConfig, type Checkout, type PreparedConfig } from './config-file.ts';
import { kojiProfileOf, releaseOf } from './release.ts';
import { renderWrapper, wrapperKind } from './wrapper.ts';

interface RawConfigSourceOptions {
  readonly configs: Readonly<Record<string, RawConfig>>;
  /** The Koji that configurations may name; null if none is configured. */
  readonly koji: { readonly hub: KojiHub; readonly endpoint: KojiEndpoint } | null;
  /** PATH of git and Pungi's tools. */
  readonly path: string;
  /** For `identify`, which runs outside of an attempt. */
  readonly run: ProcessRunner;
  readonly retry?: RetryPolicy;
}

/** What the request names, by the configuration of this service. */
interface Named {
  readonly config: RawConfig;
  readonly source: RawConfigSource;
  readonly git: GitClient;
  /** Text of the wrapper's template; null if there is none. */
  readonly wrapper: string | null;
}

export class RawConfigSourceResolver implements SourceResolver {
  readonly #options: RawConfigSourceOptions;

  constructor(options: RawConfigSourceOptions) {
    this.#options = options;
  }

  async identify(compose: Compose, signal: AbortSignal): Promise<IdentifyResult> {
    const named = await this.#find(compose);
    if ('failure' in named) return named;
    const { git, config } = named.value;
    const scratch = await mkdtemp(join(tmpdir(), 'odcs-identify-'));
    try {
      const context = { run: this.#options.run, scratch, signal };
      const commit = await git.resolve(config.url, revisionOf(named.value), context);
      return 'failure' in commit ? commit : { fingerprint: fingerprintOf(compose, named.value, commit.value) };
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  }

  async resolve(compose: Compose, context: ResolveContext): Promise<ResolveResult> {
    const named = await this.#find(compose);
    if ('failure' in named) return named;
    const { config, source, wrapper } = named.value;
    const checkout = await this.#checkOut(named.value, context);
    if ('failure' in checkout) return checkout;
    const { commit, directory } = checkout.value;
    const prepared = await prepareConfig(compose, config, wrapper, checkout.value);
    if ('failure' in prepared) return prepared;
    const event = await this.#event(source, prepared.value, context.signal);
    if ('failure' in event) return event;
    const kojiEvent = event.value;
    const resolved = { ...source, resolvedCommit: commit, kojiEvent };
    // The wrapper may use the event.
    const isFinal = kojiEvent === source.kojiEvent || wrapper === null;
    const final = isFinal
      ? prepared
      : await prepareConfig({ ...compose, source: resolved }, config, wrapper, checkout.value);
    if ('failure' in final) return final;
    const rawConfig = this.#inputOf(config, directory, final.value, kojiEvent);
    if ('failure' in rawConfig) return rawConfig;
    const fingerprint = fingerprintOf(compose, named.value, commit);
    return { input: { source: resolved, fingerprint, repositories: [], lookasides: [], rawConfig: rawConfig.value } };
  }

  async #checkOut(named: Named, context: ResolveContext): Promise<Answer<Checkout>> {
    const { config, git } = named;
    const { scratch, run, signal, log } = context;
    const root = join(scratch, 'raw-config');
    const gitScratch = join(scratch, 'git');
    await mkdir(gitScratch, { recursive: true });
    const commit = await git.checkOut(config.url, revisionOf(named), root, { run, scratch: gitScratch, signal });
    if ('failure' in commit) return commit;
    log(`Checked out ${redactLine(config.url)} at ${commit.value}\n`);
    const directory = join(root, config.path ?? '.');
    const hidden = [
      [`${directory}/`, ''],
      [`${root}/`, ''],
      [root, '(configuration)'],
      [scratch, '(scratch)'],
    ] as const;
    return {
      value: {
        commit: commit.value,
        directory,
        schemaOverrides: config.schemaOverride.map((path) => (isAbsolute(path) ? path : join(root, path))),
        tools: { run, path: this.#options.path, scratch, signal, hidden },
      },
    };
  }

  /** Without an event in the request: the last one of our Koji, or null if the packages come from elsewhere. */
  async #event(
    { kojiEvent }: RawConfigSource,
    { dump }: PreparedConfig,
    signal: AbortSignal,
  ): Promise<Answer<number | null>> {
    const { koji } = this.#options;
    return kojiEvent === null && koji && kojiProfileOf(dump) === koji.endpoint.profile
      ? lastEvent(koji.hub, signal)
      : { value: kojiEvent };
  }

  #inputOf(
    config: RawConfig,
    directory: string,
    { configFile, dump }: PreparedConfig,
    kojiEvent: number | null,
  ): Answer<RawConfigInput> {
    const release = releaseOf(dump);
    if ('problem' in release)
      return invalidSource(`The raw configuration does not describe its release: ${release.problem}.`);
    return {
      value: {
        directory,
        configFile,
        release: release.release,
        kojiEvent,
        arguments: config.arguments,
        koji: this.#options.koji?.endpoint ?? null,
      },
    };
  }

  async #find(compose: Compose): Promise<Answer<Named>> {
    const source = sourceOfType(compose, 'RAW_CONFIG');
    const { configs, path, retry } = this.#options;
    const config = Object.hasOwn(configs, source.name) ? configs[source.name] : undefined;
    if (!config)
      return invalidSource(
        `The worker has no raw configuration ${source.name}. Ask the operators to give all processes the same configuration.`,
      );
    const wrapper = config.wrapper === undefined ? null : await readFile(config.wrapper, 'utf8').catch(() => undefined);
    if (wrapper === undefined) {
      const message = `The worker cannot read the wrapper of the raw configuration ${source.name}. Ask the operators to correct it.`;
      return { failure: failure('ENGINE_FAILED', message) };
    }
    // The operators may use another protocol, such as file.
    const own = /^[a-z]+/.exec(config.url)?.[0] ?? '';
    const protocols = GIT_PROTOCOLS.includes(own) ? GIT_PROTOCOLS : [own];
    const git = new GitClient({ path, urls: [config.url], protocols, ...(retry && { retry }) });
    return { value: { config, source, git, wrapper } };
  }
}

/** A compose that is generated again keeps its commit, whatever its branch points to now. */
function revisionOf({ config, source }: Named): string {
  return source.resolvedCommit ?? config.commit ?? source.commit;
}

/** The configuration follows from the commit, the rendered wrapper, and the dump that replaces it. */
function fingerprintOf(compose: Compose, { source, wrapper, config }: Named, commit: string): readonly string[] {
  const rendered =
    wrapper === null ? { text: '' } : renderWrapper(wrapper, compose, commit, wrapperKind(config.wrapper ?? ''));
  return [
    `commit ${commit}`,
    `wrapper ${sha256('text' in rendered ? rendered.text : rendered.problem)}`,
    `dump ${compose.pungiConfigDump === null ? 'none' : sha256(compose.pungiConfigDump)}`,
    // Without an event, the packages of the configuration may change at any time.
    source.kojiEvent === null ? `unshared ${compose.id}` : `event ${source.kojiEvent}`,
  ];
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
