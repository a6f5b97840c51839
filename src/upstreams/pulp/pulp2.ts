// Pulp 2: repositories carry notes, and are searched with MongoDB criteria.

import { z } from 'zod';
import { failure } from '../../compose/failure.ts';
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

export interface Pulp2Options extends Omit<ServiceOptions, 'name'> {
  /** What the repositories' relative URLs are relative to; the server itself where it is not given. */
  readonly contentUrl?: string;
}

const repository = z.object({
  id: repositoryId,
  notes: z.object({
    content_set: z.string().min(1).nullish(),
    arch: archName,
    relative_url: z.string().min(1),
    signatures: z.string().nullish(),
    product_versions: z.union([z.string(), z.array(z.string()).transform((list) => JSON.stringify(list))]).nullish(),
    include_in_download_service: z.union([z.boolean(), z.string()]).nullish(),
  }),
});
const found = z.array(repository);
type Found = z.infer<typeof repository>;

const IDS_AT_A_TIME = 8;

export class Pulp2 implements PulpServer {
  readonly #service: ServiceClient;
  readonly #contentUrl: string;

  constructor(options: Pulp2Options) {
    this.#service = new ServiceClient({ ...options, name: 'Pulp' });
    this.#contentUrl = (options.contentUrl ?? options.url).replace(/\/+$/, '');
  }

  async byContentSets(contentSets: readonly string[], { includeUnpublished, signal }: PulpQuery): Promise<PulpAnswer> {
    const filters = {
      'notes.content_set': { $in: contentSets },
      ...(!includeUnpublished && { 'notes.include_in_download_service': 'True' }),
    };
    const answer = await this.#service.ask({
      method: 'POST',
      path: '/pulp/api/v2/repositories/search/',
      json: { criteria: { filters, fields: ['notes', 'id'] } },
      schema: found,
      signal,
    });
    if ('failure' in answer) return { failure: answer.failure };
    const asked = answer.value.filter(({ notes }) => contentSets.includes(notes.content_set ?? ''));
    return this.#repositories(asked);
  }

  async byIds(ids: readonly string[], { includeUnpublished, signal }: PulpQuery): Promise<PulpAnswer> {
    const repositories: Found[] = [];
    for (let start = 0; start < ids.length; start += IDS_AT_A_TIME) {
      const answers = await Promise.all(
        ids.slice(start, start + IDS_AT_A_TIME).map(
          async (id) =>
            await this.#service.ask({
              path: `/pulp/api/v2/repositories/${encodeURIComponent(id)}/`,
              schema: repository,
              signal,
            }),
        ),
      );
      for (const answer of answers) {
        if ('value' in answer) {
          if (includeUnpublished || isPublished(answer.value)) repositories.push(answer.value);
        } else if (answer.status !== 404) {
          return { failure: answer.failure };
        }
      }
    }
    return this.#repositories(repositories);
  }

  async close(): Promise<void> {
    await this.#service.close();
  }

  #repositories(all: readonly Found[]): PulpAnswer {
    const repositories: PulpRepository[] = [];
    for (const { id, notes } of all) {
      const url = repositoryUrl(`${this.#contentUrl}/${notes.relative_url.replace(/^\/+/, '')}`, this.#contentUrl);
      if (!url)
        return {
          failure: failure(
            'INVALID_SOURCE',
            `Pulp's repository ${id} has a relative_url that is no URL: ${JSON.stringify(notes.relative_url)}`,
          ),
        };
      repositories.push({
        id,
        contentSet: notes.content_set ?? null,
        url,
        arch: notes.arch,
        sigkeys: commaList(notes.signatures ?? ''),
        productVersions: jsonList(notes.product_versions ?? '[]'),
      });
    }
    return { repositories };
  }
}

/** The note is text as a rule, and the text `False` is true to careless readers. */
function isPublished({ notes }: Found): boolean {
  return String(notes.include_in_download_service ?? '').toLowerCase() === 'true';
}
