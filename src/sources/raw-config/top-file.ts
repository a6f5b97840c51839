// The file of a raw configuration that Pungi is to read: the configuration's own, the wrapper around it as it is filled in, or
// the dump of an earlier compose; and Pungi's own word that it is valid.

import { lstat, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Compose } from '../../compose/compose.ts';
import { failure, type ComposeFailure } from '../../compose/failure.ts';
import { dumpConfig, validateConfig, type ToolContext } from './pungi-tools.ts';
import { renderWrapper, wrapperKind } from './wrapper.ts';

export interface Top {
  readonly config: {
    readonly url: string;
    readonly path?: string | undefined;
    readonly configFile: string;
    readonly wrapper?: string | undefined;
  };
  /** The wrapper's template. */
  readonly wrapper: string | null;
}

type Failed = { readonly failure: ComposeFailure };

const WRAPPED = 'odcs-wrapper';
const DUMPED = 'odcs-dump.json';

export interface Place {
  readonly commit: string;
  readonly directory: string;
  readonly overrides: readonly string[];
  readonly tools: ToolContext;
}

export async function validTop(
  compose: Compose,
  asked: Top,
  { commit, directory, overrides, tools }: Place,
): Promise<{ readonly configFile: string; readonly dump: string } | Failed> {
  const top = await writeTop(compose, asked, commit, directory);
  if ('failure' in top) return top;
  const invalid = await validateConfig(directory, top.configFile, overrides, tools);
  if (invalid) return { failure: invalid };
  const dumped = await dumpConfig(directory, top.configFile, tools);
  return 'failure' in dumped ? dumped : { configFile: top.configFile, dump: dumped.dump };
}

/** The file that Pungi is to read, in the directory: the configuration's own, the wrapper, or the dump. */
async function writeTop(
  compose: Compose,
  { config, wrapper }: Top,
  commit: string,
  directory: string,
): Promise<{ readonly configFile: string } | Failed> {
  const { configFile } = config;
  const stats = await lstat(join(directory, configFile)).catch(() => null);
  if (!stats)
    return {
      failure: failure(
        'INVALID_SOURCE',
        `There is no ${join(config.path ?? '.', configFile)} in ${config.url} at ${commit}`,
      ),
    };
  if (compose.pungiConfigDump !== null)
    return { configFile: await writeNew(directory, DUMPED, compose.pungiConfigDump) };
  if (wrapper === null || config.wrapper === undefined) return { configFile };
  const kind = wrapperKind(config.wrapper);
  const rendered = renderWrapper(wrapper, compose, commit, kind);
  if ('problem' in rendered)
    return {
      failure: failure(
        'ENGINE_FAILED',
        `The wrapper of the raw configuration is not usable: ${rendered.problem}; tell an administrator`,
      ),
    };
  return { configFile: await writeNew(directory, `${WRAPPED}.${kind === 'json' ? 'json' : 'conf'}`, rendered.text) };
}

/** In place of what may be there by this name, a link included. */
async function writeNew(directory: string, name: string, content: string): Promise<string> {
  await rm(join(directory, name), { recursive: true, force: true });
  await writeFile(join(directory, name), content, { flag: 'wx' });
  return name;
}
