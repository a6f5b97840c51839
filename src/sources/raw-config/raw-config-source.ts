// A raw configuration as a compose's source: the files of its git repository at a commit, the wrapper around them filled
// in, and Pungi's own word that all of it is valid. Where the compose has the dump of an earlier one, that is the
// configuration.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { KojiEndpoint, ProcessRunner, ResolveContext, ResolvedInput, SourceResolver } from '../../app/ports.ts';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { sourceOfType } from '../../compose/sources/descriptors.ts';
import type { RetryPolicy } from '../../concurrency/retry-policies.ts';
import { GitSource } from '../../upstreams/git/git-source.ts';
import { lastEvent } from '../../upstreams/koji/event.ts';
import type { KojiHub } from '../../upstreams/koji/koji-hub.ts';
import type { ToolContext } from './pungi-tools.ts';
import { kojiProfileOf, releaseOf } from './release.ts';
import { validTop } from './top-file.ts';
import { renderWrapper, wrapperKind } from './wrapper.ts';
import type { RawConfigSource as RawConfigRequest } from '../../compose/sources/raw-config.ts';

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
  /** Tells the event that a configuration is taken at which takes packages from there. */
  readonly koji?: { readonly hub: KojiHub; readonly place: KojiEndpoint } | null;
  /** PATH of git and Pungi's tools. */
  readonly path: string;
  /** For looking before there is an attempt. */
  readonly run: ProcessRunner;
  readonly retry?: RetryPolicy;
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
      const resolved = await asked.git.resolve(asked.config.url, revisionOf(asked), {
        run: this.#options.run,
        scratch,
        signal,
      });
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
    const checkedOut = await git.checkOut(config.url, revisionOf(asked), checkout, {
      run: context.run,
      scratch: gitScratch,
      signal: context.signal,
    });
    if ('failure' in checkedOut) return checkedOut;
    const { commit } = checkedOut;
    context.log(`Checked out ${config.url} at ${commit}\n`);
    const directory = join(checkout, config.path ?? '.');
    const tools: ToolContext = {
      ...context,
      path: this.#options.path,
      hidden: [
        [`${directory}/`, ''],
        [`${checkout}/`, ''],
        [checkout, '(configuration)'],
        [context.scratch, '(scratch)'],
      ],
    };
    const overrides = config.schemaOverride.map((path) => (isAbsolute(path) ? path : join(checkout, path)));
    const validated = await validTop(compose, asked, { commit, directory, overrides, tools });
    if ('failure' in validated) return validated;
    const event = await this.#eventOf(source, validated.dump, context.signal);
    if ('failure' in event) return event;
    const taken = { ...source, resolvedCommit: commit, kojiEvent: event.value };
    // A wrapper may name the event.
    const final =
      event.value === source.kojiEvent || asked.wrapper === null
        ? validated
        : await validTop({ ...compose, source: taken }, asked, { commit, directory, overrides, tools });
    if ('failure' in final) return final;
    const released = releaseOf(final.dump);
    if ('problem' in released)
      return {
        failure: failure(
          'INVALID_SOURCE',
          `The raw configuration does not name its release as it must: ${released.problem}`,
        ),
      };
    const rawConfig = {
      directory,
      configFile: final.configFile,
      release: released.release,
      kojiEvent: event.value,
      timeoutSeconds: config.timeoutSeconds ?? null,
      arguments: config.arguments,
      koji: this.#options.koji?.place ?? null,
    };
    return {
      input: {
        source: taken,
        fingerprint: fingerprintOf(compose, asked, commit),
        repositories: [],
        lookasides: [],
        rawConfig,
      },
    };
  }

  /** The last one where none is asked for: made again, the compose has the same packages. Null where they are not of our Koji. */
  async #eventOf(
    { kojiEvent }: RawConfigRequest,
    dump: string,
    signal: AbortSignal,
  ): Promise<{ readonly value: number | null } | Failed> {
    const { koji } = this.#options;
    return kojiEvent === null && koji && kojiProfileOf(dump) === koji.place.profile
      ? lastEvent(koji.hub, signal)
      : { value: kojiEvent };
  }

  async #ask(compose: Compose): Promise<Asked | Failed> {
    const source = sourceOfType(compose, 'RAW_CONFIG');
    const { [source.name]: config } = this.#options.configs;
    if (!config || !Object.hasOwn(this.#options.configs, source.name))
      return {
        failure: failure(
          'INVALID_SOURCE',
          `The raw configuration ${source.name} is not configured on the worker; tell an administrator`,
        ),
      };
    const wrapper = config.wrapper === undefined ? null : await readFile(config.wrapper, 'utf8').catch(() => undefined);
    if (wrapper === undefined)
      return {
        failure: failure(
          'ENGINE_FAILED',
          `The wrapper of the raw configuration ${source.name} cannot be read on the worker; tell an administrator`,
        ),
      };
    const own = /^[a-z]+/.exec(config.url)?.[0] ?? '';
    const { path, retry } = this.#options;
    // A URL that is not one of the usual ones is the operator's word.
    const git = new GitSource({
      path,
      urls: [config.url],
      protocols: PROTOCOLS.includes(own) ? PROTOCOLS : [own],
      ...(retry && { retry }),
    });
    return { config, source, git, wrapper };
  }
}

/** Made again, it is what it was, whatever a branch has become. */
function revisionOf({ config, source }: Asked): string {
  return source.resolvedCommit ?? config.commit ?? source.commit;
}

function fingerprintOf(compose: Compose, asked: Asked, commit: string): readonly string[] {
  const { source, wrapper, config } = asked;
  const rendered =
    wrapper === null ? { text: '' } : renderWrapper(wrapper, compose, commit, wrapperKind(config.wrapper ?? ''));
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
