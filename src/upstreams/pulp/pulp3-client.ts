// Pulp 3: a distribution serves a repository. It belongs to a content set by a label, or is found by its name; other
// labels hold what Pulp 2 has in notes.

import { z } from 'zod';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import type { Answer } from '../answer.ts';
import { JsonClient, type JsonClientOptions } from '../http/json-client.ts';
import {
  archName,
  commaList,
  jsonList,
  repositoryId,
  repositoryUrl,
  type PulpQuery,
  type PulpRepository,
  type PulpServer,
} from './pulp-repository.ts';

interface Pulp3Options extends Omit<JsonClientOptions, 'name'> {
  /** Of the distributions. Default: that of the default domain. */
  readonly apiPath?: string;
  readonly labels?: Partial<Pulp3Labels>;
}

/** The names of the labels. */
interface Pulp3Labels {
  readonly contentSet: string;
  readonly arch: string;
  readonly signatures: string;
  readonly productVersions: string;
  readonly published: string;
}

const LABELS: Pulp3Labels = {
  contentSet: 'content_set',
  arch: 'arch',
  signatures: 'signatures',
  productVersions: 'product_versions',
  published: 'include_in_download_service',
};
const API_PATH = '/pulp/api/v3/distributions/rpm/rpm/';
const PER_PAGE = 100;
const MAX_DISTRIBUTIONS = 10_000;
/** Names are part of the URL, whose length servers limit. */
const NAMES_PER_REQUEST = 50;
const CONCURRENT_REQUESTS = 8;

const distributionRow = z.object({
  name: repositoryId,
  base_url: z.string().min(1),
  hidden: z.boolean().nullish(),
  pulp_labels: z.record(z.string(), z.string().nullable()).default({}),
  repository: z.string().nullish(),
  publication: z.string().nullish(),
});
const page = z.object({ count: z.int().nonnegative(), next: z.string().nullable(), results: z.array(distributionRow) });
type Distribution = z.infer<typeof distributionRow>;

export class Pulp3Client implements PulpServer {
  readonly #service: JsonClient;
  readonly #apiPath: string;
  readonly #labels: Pulp3Labels;

  constructor(options: Pulp3Options) {
    this.#service = new JsonClient({ ...options, name: 'Pulp' });
    this.#apiPath = options.apiPath ?? API_PATH;
    this.#labels = { ...LABELS, ...options.labels };
  }

  /** One request for each content set, because Pulp joins selectors by “and” only. */
  async byContentSets(contentSets: readonly string[], query: PulpQuery): Promise<Answer<readonly PulpRepository[]>> {
    const { contentSet: label } = this.#labels;
    // A selector would read these characters as its own syntax, and no label holds them.
    const possible = contentSets.filter((contentSet) => !/[,()]/.test(contentSet));
    const distributions: Distribution[] = [];
    for (let start = 0; start < possible.length; start += CONCURRENT_REQUESTS) {
      const lists = await Promise.all(
        possible
          .slice(start, start + CONCURRENT_REQUESTS)
          .map((contentSet) => this.#list('pulp_label_select', `${label}=${contentSet}`, query.signal)),
      );
      for (const list of lists) {
        if ('failure' in list) return list;
        distributions.push(...list.value);
      }
    }
    return this.#repositories(
      distributions.filter(({ pulp_labels }) => contentSets.includes(pulp_labels[label] ?? '')),
      query,
    );
  }

  async byIds(names: readonly string[], query: PulpQuery): Promise<Answer<readonly PulpRepository[]>> {
    const possible = names.filter((name) => !name.includes(','));
    const distributions: Distribution[] = [];
    for (let start = 0; start < possible.length; start += NAMES_PER_REQUEST) {
      const list = await this.#list(
        'name__in',
        possible.slice(start, start + NAMES_PER_REQUEST).join(','),
        query.signal,
      );
      if ('failure' in list) return list;
      distributions.push(...list.value);
    }
    return this.#repositories(
      distributions.filter(({ name }) => names.includes(name)),
      query,
    );
  }

  async close(): Promise<void> {
    await this.#service.close();
  }

  /** Pages by offset: behind a proxy, `next` may name a host that cannot be reached from here. */
  async #list(filter: string, value: string, signal: AbortSignal): Promise<Answer<readonly Distribution[]>> {
    const distributions: Distribution[] = [];
    while (distributions.length < MAX_DISTRIBUTIONS) {
      const query = [
        [filter, value],
        ['ordering', 'name'],
        ['limit', String(PER_PAGE)],
        ['offset', String(distributions.length)],
      ] as const;
      const answer = await this.#service.request({ path: this.#apiPath, query, schema: page, signal });
      if ('failure' in answer) return { failure: answer.failure };
      const { results, next } = answer.value;
      distributions.push(...results);
      if (next === null || results.length === 0) return { value: distributions };
    }
    const message = `Pulp at ${this.#service.url} lists more than ${MAX_DISTRIBUTIONS} distributions for ${value}. Name fewer content sets.`;
    return { failure: failure('UPSTREAM_UNAVAILABLE', message) };
  }

  #repositories(
    distributions: readonly Distribution[],
    { includeUnpublished }: PulpQuery,
  ): Answer<readonly PulpRepository[]> {
    const repositories: PulpRepository[] = [];
    for (const distribution of distributions) {
      if (!includeUnpublished && !this.#isPublished(distribution)) continue;
      const { name, base_url: baseUrl, pulp_labels: labels } = distribution;
      const url = repositoryUrl(baseUrl, this.#service.url);
      if (!url) return { failure: unusable(name, `a base_url that is no URL: ${JSON.stringify(baseUrl)}`) };
      const arch = labels[this.#labels.arch] ?? null;
      if (arch !== null && !archName.safeParse(arch).success)
        return { failure: unusable(name, `a label ${this.#labels.arch} that is no arch: ${JSON.stringify(arch)}`) };
      repositories.push({
        id: name,
        contentSet: labels[this.#labels.contentSet] ?? null,
        url,
        arch,
        sigkeys: commaList(labels[this.#labels.signatures] ?? ''),
        productVersions: versionsOf(labels[this.#labels.productVersions] ?? ''),
      });
    }
    return { value: repositories };
  }

  /** It serves something, is not hidden, and its label, if there is one, says so. */
  #isPublished({ hidden, repository, publication, pulp_labels: labels }: Distribution): boolean {
    const label = labels[this.#labels.published];
    return (
      hidden !== true &&
      Boolean(repository ?? publication) &&
      (label === undefined || label === null || label.toLowerCase() === 'true')
    );
  }
}

function unusable(name: string, problem: string): ComposeFailure {
  return failure('INVALID_SOURCE', `Pulp's distribution ${name} has ${problem}. Ask Pulp's operators to correct it.`);
}

/** A JSON array as in Pulp 2, or one version: labels may hold no comma. */
function versionsOf(text: string): readonly string[] {
  return text.startsWith('[') ? jsonList(text) : text === '' ? [] : [text];
}
