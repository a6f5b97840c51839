import { describe, expect, it } from 'vitest';
import { parseKojiConf, parseKojiProfile } from '../../src/upstreams/koji/koji-profile.ts';
import { encodePath, rpmPath, signedRpmPath } from '../../src/upstreams/koji/path-info.ts';

const CONF = `
[koji]
;configuration for koji cli tool
server = https://koji.example.org/kojihub
weburl = https://koji.example.org/koji/
topurl = https://kojipkgs.example.org/
authtype = kerberos
timeout = 90

[stage.eu]
server = http://stage.example.org/kojihub
topdir = /mnt/koji

[broken]
server = ftp://user:secret@koji.example.org/kojihub
topdir = mnt
`;

describe('A Koji profile', () => {
  it('is read from a section of koji.conf, with defaults', () => {
    expect(parseKojiConf(CONF, 'koji')).toEqual({
      profile: {
        name: 'koji',
        server: 'https://koji.example.org/kojihub',
        topUrl: 'https://kojipkgs.example.org',
        topDir: null,
        webUrl: 'https://koji.example.org/koji',
        timeoutMs: 90_000,
        connectTimeoutMs: 10_000,
        concurrency: 4,
        attempts: 5,
        firstPauseMs: 500,
        maxResponseBytes: 536_870_912,
        multiCallSize: 100,
      },
    });
    expect(parseKojiConf(CONF, 'stage.eu')).toMatchObject({
      profile: { server: 'http://stage.example.org/kojihub', topDir: '/mnt/koji' },
    });
  });

  it('may have colons in place of equals signs, as Python accepts', () => {
    expect(
      parseKojiConf(
        '[stream]\nserver: https://hub.example.org/kojihub\ntopurl : https://hub.example.org:8443/kojifiles\n',
        'stream',
      ),
    ).toMatchObject({
      profile: { server: 'https://hub.example.org/kojihub', topUrl: 'https://hub.example.org:8443/kojifiles' },
    });
  });

  it('reports every mistake at once', () => {
    expect(parseKojiConf(CONF, 'broken')).toMatchObject({
      problems: [{ key: 'server' }, { key: 'topDir' }],
    });
    expect(parseKojiConf(CONF, 'fedora')).toMatchObject({ problems: [{ key: null }] });
    expect(parseKojiConf(CONF, '__proto__')).toHaveProperty('problems');
  });

  it('is read from settings, where an unknown key is a mistake', () => {
    expect(parseKojiProfile('fedora', { server: 'https://koji.example.org/kojihub', concurrency: 8 })).toMatchObject({
      profile: { name: 'fedora', concurrency: 8 },
    });
    expect(parseKojiProfile('fedora', { serverr: 'x' })).toHaveProperty('problems');
    expect(parseKojiProfile('fedora', null)).toHaveProperty('problems');
  });

  it('has the paths of the files of a build', () => {
    const rpm = { name: 'bash-doc', version: '5.3', release: '1^a', arch: 'noarch' };
    expect(signedRpmPath({ name: 'bash', version: '5.3', release: '1^a', volume: 'DEFAULT' }, rpm, 'ABCD')).toBe(
      'packages/bash/5.3/1^a/data/signed/abcd/noarch/bash-doc-5.3-1^a.noarch.rpm',
    );
    expect(rpmPath({ name: 'bash', version: '5.3', release: '1^a', volume: 'archive' }, rpm)).toBe(
      'vol/archive/packages/bash/5.3/1^a/noarch/bash-doc-5.3-1^a.noarch.rpm',
    );
    expect(encodePath('packages/libstdc++/5.3/1^a')).toBe('packages/libstdc%2B%2B/5.3/1%5Ea');
  });
});
