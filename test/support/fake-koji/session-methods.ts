// Methods that need no model of tags: versions, users, hosts, repositories and archives.

import { text, type Method } from './hub-arguments.ts';
import { archiveRow } from './answers.ts';
import { dateTime } from './model.ts';

export const SESSION_METHODS: Readonly<Record<string, Method>> = {
  getAPIVersion: { parameters: [], run: () => 1 },
  getKojiVersion: { parameters: [], run: () => '1.36.1' },
  echo: { parameters: ['value'], run: (_model, { value }) => [value ?? null] },
  mavenEnabled: { parameters: [], run: () => false },
  winEnabled: { parameters: [], run: () => false },
  getAllPerms: { parameters: [], run: () => [{ id: 1, name: 'admin', description: null }] },
  getUser: {
    parameters: ['userInfo?', 'strict?', 'krb_princs?'],
    run: () => ({ id: 1, name: 'builder', status: 0, usertype: 0, krb_principals: [] }),
  },
  getHost: {
    parameters: ['hostInfo', 'strict?', 'event?'],
    run: () => ({
      id: 1,
      name: 'builder1',
      user_id: 1,
      arches: 'x86_64',
      capacity: 2.5,
      enabled: true,
      description: null,
      comment: null,
    }),
  },
  getBuildTargets: { parameters: ['info?', 'event?', 'buildTagID?', 'destTagID?', 'queryOpts?'], run: () => [] },
  getTagGroups: {
    parameters: ['tag', 'event?', 'inherit?', 'incl_pkgs?', 'incl_reqs?', 'incl_blocked?'],
    run: () => [],
  },
  getRepo: {
    parameters: ['tag', 'state?', 'event?', 'dist?', 'min_event?', 'at_event?', 'opts?'],
    run: (model, { tag, event }) =>
      model.repos
        .filter((one) => one.tag === text(tag) && (event == null || one.create_event <= Number(event)))
        .at(-1) ?? null,
  },
  getTagExternalRepos: { parameters: ['tag_info?', 'repo_info?', 'event?'], run: () => [] },
  getExternalRepoList: { parameters: ['tag_info', 'event?'], run: () => [] },
  listBuildroots: { parameters: ['taskID?'], run: () => [] },
  listBuilds: { parameters: ['taskID?'], run: () => [] },
  listTaskOutput: { parameters: ['taskID', 'stat?', 'all_volumes?', 'strict?'], run: () => ({}) },
  getMavenBuild: { parameters: ['buildInfo', 'strict?'], run: () => null },
  getWinBuild: { parameters: ['buildInfo', 'strict?'], run: () => null },
  listArchives: {
    parameters: ['buildID?', 'buildrootID?', 'componentBuildrootID?', 'hostID?', 'type?', 'filename?', 'size?'],
    run: (model, { buildID }) =>
      model.builds.get(Number(buildID))?.archives.map((archive) => archiveRow(archive, Number(buildID))) ?? [],
  },
  getChangelogEntries: {
    parameters: ['buildID?', 'taskID?', 'filepath?', 'author?', 'before?', 'after?', 'queryOpts?', 'strict?'],
    run: (model) => [{ date: dateTime(model.timeOf(1)), date_ts: 1, author: 'me', text: '- built' }],
  },
};
