// The documents whose examples are tested.

import { fileURLToPath } from 'node:url';
import { codeBlocksOf, type CodeBlock } from '../../../src/docs/markdown.ts';
import { readPages } from '../../../src/docs/pages.ts';

export const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

export interface DocumentPage {
  readonly path: string;
  readonly text: string;
  readonly blocks: readonly CodeBlock[];
}

export const pages: readonly DocumentPage[] = readPages(ROOT)
  .filter(({ path }) => !path.startsWith('test/'))
  .map(({ path, text }) => ({ path, text, blocks: codeBlocksOf(text) }));

/** All blocks of a language, each with the page and line that it begins at. */
export function blocksOf(language: string): { readonly at: string; readonly block: CodeBlock }[] {
  return pages.flatMap(({ path, blocks }) =>
    blocks.filter(({ info }) => info[0] === language).map((block) => ({ at: `${path}:${block.line}`, block })),
  );
}
