// Pulp 2: repositories have notes, and are searched with MongoDB criteria.

import { z } from 'zod';
import { failure } from '../../compose/failure.ts';
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

interface Pulp2Options extends Omit<JsonClientOptions, 'name'> {
  /** The base of the repositories' relative URLs. Default: the server itself. */
  readonly contentUrl?: string;
}

const repositoryRow = z.object({
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
const repositoryRows = z.array(repositoryRow);
type RepositoryRow = z.infer<typeof repositoryRow>;

const CONCURRENT_REQUESTS = 8;

export class Pulp2Client implements PulpServer {
  readonly #service: JsonClient;
  readonly #contentUrl: string;

  constructor(options: Pulp2Options) {
    this.#service = new JsonClient({ ...options, name: 'Pulp' });
    this.#contentUrl = (options.contentUrl ?? this.#service.url).replace(/\/+$/, '');
  }

  async byContentSets(
    contentSets: readonly string[],
    { includeUnpublished, signal }: PulpQuery,
  ): Promise<Answer<readonly PulpRepository[]>> {
    const filters = {
      'notes.content_set': { $in: contentSets },
      ...(!includeUnpublished && { 'notes.include_in_download_service': 'True' }),
    };
    const answer = await this.#service.request({
      method: 'POST',
      path: '/pulp/api/v2/repositories/search/',
      json: { criteria: { filters, fields: ['notes', 'id'] } },
      schema: repositoryRows,
      signal,
    });
    if ('failure' in answer) return { failure: answer.failure };
    return this.#repositories(answer.value.filter(({ notes }) => contentSets.includes(notes.content_set ?? '')));
  }

  async byIds(
    ids: readonly string[],
    { includeUnpublished, signal }: PulpQuery,
  ): Promise<Answer<readonly PulpRepository[]>> {
    const rows: RepositoryRow[] = [];
    for (let start = 0; start < ids.length; start += CONCURRENT_REQUESTS) {
      const slice = ids.slice(start, start + CONCURRENT_REQUESTS);
      const answers = await Promise.all(slice.map((id) => this.#byId(id, signal)));
      for (const answer of answers) {
        if ('failure' in answer) return answer;
        if (answer.value && (includeUnpublished || isPublished(answer.value))) rows.push(answer.value);
      }
    }
    return this.#repositories(rows);
  }

  async close(): Promise<void> {
    await this.#service.close();
  }

  async #byId(id: string, signal: AbortSignal): Promise<Answer<RepositoryRow | null>> {
    const path = `/pulp/api/v2/repositories/${encodeURIComponent(id)}/`;
    const answer = await this.#service.request({ path, schema: repositoryRow, signal });
    if ('value' in answer) return answer;
    return answer.status === 404 ? { value: null } : { failure: answer.failure };
  }

  #repositories(rows: readonly RepositoryRow[]): Answer<readonly PulpRepository[]> {
    const repositories: PulpRepository[] = [];
    for (const { id, notes } of rows) {
      const url = repositoryUrl(`${this.#contentUrl}/${notes.relative_url.replace(/^\/+/, '')}`, this.#contentUrl);
      if (!url) {
        const message = `Pulp's repository ${id} has a relative_url that is not part of a URL: ${JSON.stringify(notes.relative_url)}. Ask Pulp's operators to correct it.`;
        return { failure: failure('INVALID_SOURCE', message) };
      }
      repositories.push({
        id,
        contentSet: notes.content_set ?? null,
        url,
        arch: notes.arch,
        sigkeys: commaList(notes.signatures ?? ''),
        productVersions: jsonList(notes.product_versions ?? '[]'),
      });
    }
    return { value: repositories };
  }
}

/** The note is usually a text, `True` or `False`. */
function isPublished({ notes }: RepositoryRow): boolean {
  return String(notes.include_in_download_service ?? '').toLowerCase() === 'true';
}
