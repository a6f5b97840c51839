// The file that Pungi is given: the configuration's own, the rendered wrapper around it, or the dump of an earlier compose.
// Pungi's own tools validate and dump it.

import { lstat, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Compose } from '../../compose/compose.ts';
import { failure } from '../../compose/failure.ts';
import type { RawConfig } from '../../compose/raw-config.ts';
import { redactLine } from '../../compose/redaction.ts';
import { invalidSource, type Answer } from '../../upstreams/answer.ts';
import { dumpConfig, validateConfig, type ToolContext } from './pungi-tools.ts';
import { renderWrapper, wrapperKind } from './wrapper.ts';

export interface Checkout {
  readonly commit: string;
  readonly directory: string;
  readonly schemaOverrides: readonly string[];
  readonly tools: ToolContext;
}

export interface PreparedConfig {
  /** In the directory of the checkout. */
  readonly configFile: string;
  /** JSON, or a part of it if it is too large. */
  readonly dump: string;
}

const WRAPPER_NAME = 'odcs-wrapper';
const DUMP_FILE = 'odcs-dump.json';

/** `wrapper`: text of the template. Rejects after an abort. */
export async function prepareConfig(
  compose: Compose,
  config: RawConfig,
  wrapper: string | null,
  checkout: Checkout,
): Promise<Answer<PreparedConfig>> {
  const { directory, schemaOverrides, tools } = checkout;
  const file = await writeConfigFile(compose, config, wrapper, checkout);
  if ('failure' in file) return file;
  const invalid = await validateConfig(directory, file.value, schemaOverrides, tools);
  if (invalid) return { failure: invalid };
  const dump = await dumpConfig(directory, file.value, tools);
  return 'failure' in dump ? dump : { value: { configFile: file.value, dump: dump.value } };
}

async function writeConfigFile(
  compose: Compose,
  config: RawConfig,
  wrapper: string | null,
  { directory, commit }: Checkout,
): Promise<Answer<string>> {
  const { configFile, url, path = '.' } = config;
  const stats = await lstat(join(directory, configFile)).catch(() => null);
  if (!stats)
    return invalidSource(
      `There is no ${join(path, configFile)} in ${redactLine(url)} at ${commit}. Name another commit.`,
    );
  if (compose.pungiConfigDump !== null) return { value: await writeNew(directory, DUMP_FILE, compose.pungiConfigDump) };
  if (wrapper === null || config.wrapper === undefined) return { value: configFile };
  const kind = wrapperKind(config.wrapper);
  const rendered = renderWrapper(wrapper, compose, commit, kind);
  if ('problem' in rendered) {
    const message = `The wrapper of the raw configuration cannot be used: ${rendered.problem}. Ask the operators to correct it.`;
    return { failure: failure('ENGINE_FAILED', message) };
  }
  return { value: await writeNew(directory, `${WRAPPER_NAME}.${kind === 'json' ? 'json' : 'conf'}`, rendered.text) };
}

/** Replaces what the repository may have under the name, even a link. */
async function writeNew(directory: string, name: string, content: string): Promise<string> {
  await rm(join(directory, name), { recursive: true, force: true });
  await writeFile(join(directory, name), content, { flag: 'wx' });
  return name;
}
