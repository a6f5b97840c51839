// Pulp 3: a distribution is what serves a repository. One belongs to a content set by its label, or is found by its name;
// labels of the same names as Pulp 2's notes tell the rest.

import { z } from 'zod';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { ServiceClient, type ServiceOptions } from '../http/service-client.ts';
import {
  archName,
  commaList,
  jsonList,
  repositoryId,
  repositoryUrl,
  type PulpAnswer,
  type PulpQuery,
  type PulpRepository,
  type PulpServer,
} from './pulp-repository.ts';

export interface Pulp3Options extends Omit<ServiceOptions, 'name'> {
  /** Of the distributions; that of the default domain where it is not given. */
  readonly apiPath?: string;
  readonly labels?: Partial<Pulp3Labels>;
}

export interface Pulp3Labels {
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
const LIMIT = 100;
const MAX_DISTRIBUTIONS = 10_000;
/** Names come in the URL, which servers bound. */
const NAMES_AT_A_TIME = 50;
const LABELS_AT_A_TIME = 8;

const distribution = z.object({
  name: repositoryId,
  base_url: z.string().min(1),
  hidden: z.boolean().nullish(),
  pulp_labels: z.record(z.string(), z.string().nullable()).default({}),
  repository: z.string().nullish(),
  publication: z.string().nullish(),
});
const page = z.object({ count: z.int().nonnegative(), next: z.string().nullable(), results: z.array(distribution) });
type Distribution = z.infer<typeof distribution>;
type Listed = { readonly distributions: readonly Distribution[] } | { readonly failure: ComposeFailure };

export class Pulp3 implements PulpServer {
  readonly #service: ServiceClient;
  readonly #apiPath: string;
  readonly #labels: Pulp3Labels;

  constructor(options: Pulp3Options) {
    this.#service = new ServiceClient({ ...options, name: 'Pulp' });
    this.#apiPath = options.apiPath ?? API_PATH;
    this.#labels = { ...LABELS, ...options.labels };
  }

  /** Selectors can only be and-ed, so each content set is a question of its own. */
  async byContentSets(contentSets: readonly string[], query: PulpQuery): Promise<PulpAnswer> {
    const { contentSet: label } = this.#labels;
    // No label holds any of these, and a selector would read them as its own.
    const possible = contentSets.filter((contentSet) => !/[,()]/.test(contentSet));
    const distributions: Distribution[] = [];
    for (let start = 0; start < possible.length; start += LABELS_AT_A_TIME) {
      const lists = await Promise.all(
        possible
          .slice(start, start + LABELS_AT_A_TIME)
          .map(async (contentSet) => await this.#list('pulp_label_select', `${label}=${contentSet}`, query.signal)),
      );
      for (const list of lists) {
        if ('failure' in list) return list;
        distributions.push(...list.distributions);
      }
    }
    return this.#repositories(
      distributions.filter(({ pulp_labels }) => contentSets.includes(pulp_labels[label] ?? '')),
      query,
    );
  }

  async byIds(names: readonly string[], query: PulpQuery): Promise<PulpAnswer> {
    const possible = names.filter((name) => !name.includes(','));
    const distributions: Distribution[] = [];
    for (let start = 0; start < possible.length; start += NAMES_AT_A_TIME) {
      const list = await this.#list('name__in', possible.slice(start, start + NAMES_AT_A_TIME).join(','), query.signal);
      if ('failure' in list) return list;
      distributions.push(...list.distributions);
    }
    return this.#repositories(
      distributions.filter(({ name }) => names.includes(name)),
      query,
    );
  }

  async close(): Promise<void> {
    await this.#service.close();
  }

  /** `next` only says that there is more: behind a proxy its host may be one that we cannot reach. */
  async #list(filter: string, value: string, signal: AbortSignal): Promise<Listed> {
    const distributions: Distribution[] = [];
    while (distributions.length < MAX_DISTRIBUTIONS) {
      const query = [
        [filter, value],
        ['ordering', 'name'],
        ['limit', String(LIMIT)],
        ['offset', String(distributions.length)],
      ] as const;
      const answer = await this.#service.ask({ path: this.#apiPath, query, schema: page, signal });
      if ('failure' in answer) return { failure: answer.failure };
      const { results, next } = answer.value;
      distributions.push(...results);
      if (next === null || results.length === 0) return { distributions };
    }
    return {
      failure: failure(
        'UPSTREAM_UNAVAILABLE',
        `Pulp has more than ${MAX_DISTRIBUTIONS} distributions to tell of ${value}`,
      ),
    };
  }

  #repositories(distributions: readonly Distribution[], { includeUnpublished }: PulpQuery): PulpAnswer {
    const repositories: PulpRepository[] = [];
    for (const found of distributions) {
      if (!includeUnpublished && !this.#isPublished(found)) continue;
      const { name, base_url, pulp_labels: labels } = found;
      const url = repositoryUrl(base_url, this.#service.url);
      if (!url)
        return {
          failure: failure(
            'INVALID_SOURCE',
            `Pulp's distribution ${name} has a base_url that is no URL: ${JSON.stringify(base_url)}`,
          ),
        };
      const arch = labels[this.#labels.arch] ?? null;
      if (arch !== null && !archName.safeParse(arch).success)
        return {
          failure: failure(
            'INVALID_SOURCE',
            `Pulp's distribution ${name} has a label ${this.#labels.arch} that is no arch: ${JSON.stringify(arch)}`,
          ),
        };
      repositories.push({
        id: name,
        contentSet: labels[this.#labels.contentSet] ?? null,
        url,
        arch,
        sigkeys: commaList(labels[this.#labels.signatures] ?? ''),
        productVersions: versionsOf(labels[this.#labels.productVersions] ?? ''),
      });
    }
    return { repositories };
  }

  /** Something is served, openly, and no label says otherwise. */
  #isPublished({ hidden, repository, publication, pulp_labels: labels }: Distribution): boolean {
    const label = labels[this.#labels.published];
    return (
      hidden !== true &&
      Boolean(repository ?? publication) &&
      (label === undefined || label === null || label.toLowerCase() === 'true')
    );
  }
}

/** JSON as in Pulp 2; but labels may hold no comma, and one version needs no JSON. */
function versionsOf(text: string): readonly string[] {
  return text.startsWith('[') ? jsonList(text) : text === '' ? [] : [text];
}
