// /composes/…: results as static files with ranges and ETags, and directories as HTML pages.

import fastifyStatic from '@fastify/static';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { contentType } from './content-type.ts';
import { find, type Found } from './find.ts';
import { renderListing } from './listing.ts';
import { isVisible, namesIn } from './visible.ts';

const PREFIX = '/composes';

export async function registerFiles(app: FastifyInstance, targetDirs: Readonly<Record<string, string>>): Promise<void> {
  const targets = Object.values(targetDirs);
  await app.register(fastifyStatic, { serve: false });

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    // The undecoded path: the router's parameters are decoded, and an encoded slash would be missed.
    const [path = ''] = (request.raw.url ?? '').split('?', 1);
    const names = namesIn(path.slice(PREFIX.length));
    if (!names) return notFound(reply, 400);
    // Files may have any content and come from the origin of the service, so no script in them may run.
    reply.headers({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    });
    const found = await find(targets, names);
    if (!found) return notFound(reply, 404);
    if (found.kind === 'directory') return sendDirectory(reply, path, names, found);
    if (path.endsWith('/')) return notFound(reply, 404);
    const name = names.at(-1) ?? '';
    return reply.type(contentType(name)).sendFile(found.path.join('/'), found.root, {
      index: false,
      dotfiles: 'ignore',
      contentType: false,
      cacheControl: false,
    });
  }

  async function sendDirectory(
    reply: FastifyReply,
    path: string,
    names: readonly string[],
    found: Found,
  ): Promise<FastifyReply> {
    if (!path.endsWith('/')) return reply.redirect(`./${encodeURIComponent(names.at(-1) ?? PREFIX.slice(1))}/`, 301);
    const all = names.length === 0 ? await Promise.all(targets.map((target) => find([target], []))) : [found];
    const html = await renderListing(
      all.filter((directory) => directory !== null && isVisible(directory.path)) as Found[],
      names,
    );
    return reply.type('text/html; charset=utf-8').header('cache-control', 'no-cache').send(html);
  }

  for (const url of [PREFIX, `${PREFIX}/*`]) app.route({ method: 'GET', url, handler: answer });
}

function notFound(reply: FastifyReply, status: 400 | 404): FastifyReply {
  return reply
    .code(status)
    .type('text/plain; charset=utf-8')
    .send(status === 404 ? 'Not found\n' : 'Bad request\n');
}
