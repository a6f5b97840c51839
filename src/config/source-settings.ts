// Settings of what composes are made from: repositories, Koji, modules, Pulp, raw configurations, and the service that
// gives composes their ids.

import { z } from 'zod';
import { ctsKind } from './cts.ts';
import { kojiKind } from './koji.ts';
import { pulpKind } from './pulp.ts';
import { rawConfigsKind } from './raw-configs.ts';
import { httpUrl, list, setting, text, urlPrefixes } from './setting.ts';

export const SOURCE_SETTINGS = {
  'sources.repoRoots': setting({
    env: 'ODCS_REPO_ROOTS',
    kind: list('absolute paths', z.string().startsWith('/', 'must be an absolute path')),
    without: '/ if HOST is a loopback address, else none',
    text: 'Directories below which local repositories may lie.',
  }),
  'sources.urlAllow': setting({
    env: 'ODCS_URL_ALLOW',
    kind: urlPrefixes(),
    without: 'all if HOST is a loopback address, else all with a public address',
    text: 'URLs below which repositories may lie. If HOST is not a loopback address, it also holds for redirects and for the files and repositories of Koji.',
  }),
  koji: setting({
    env: 'ODCS_KOJI',
    kind: kojiKind,
    without: 'none',
    text: 'The Koji that tags, builds and modules come from.',
  }),
  'modules.mbsUrl': setting({
    env: 'ODCS_MBS_URL',
    kind: httpUrl,
    without: 'none',
    text: 'API of the Module Build Service, such as https://mbs.example.com/module-build-service. Modules need it, except those of modular tags.',
  }),
  'modules.baseModules': setting({
    env: 'ODCS_BASE_MODULES',
    kind: list('modules'),
    default: ['platform', 'bootstrap'],
    text: 'Modules that others are built on. They are part of no compose.',
  }),
  'modules.defaultsUrls': setting({
    env: 'ODCS_MODULE_DEFAULTS_URLS',
    kind: urlPrefixes(),
    without: 'all if HOST is a loopback address, else none',
    text: 'URLs below which git repositories of module defaults may lie.',
  }),
  pulp: setting({
    env: 'ODCS_PULP',
    kind: pulpKind,
    without: 'none',
    text: 'The Pulp that content sets are looked up in.',
  }),
  'pulp.password': setting({
    env: 'ODCS_PULP_PASSWORD',
    kind: text('a password'),
    without: 'none',
    isSecret: true,
    text: 'Password of the user in `pulp`. The variable wins over `passwordFile`.',
  }),
  rawConfigs: setting({
    env: 'ODCS_RAW_CONFIGS',
    kind: rawConfigsKind,
    default: {},
    text: 'Pungi configurations that composes may be made from, by name.',
  }),
  cts: setting({
    env: 'ODCS_CTS',
    kind: ctsKind,
    without: 'none',
    text: 'The Compose Tracking Service that gives composes their Pungi ids. Without it, the service makes the ids.',
  }),
} as const;
