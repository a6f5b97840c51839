// Serves a fake Koji for use by hand, e.g. with `koji --server URL/kojihub list-tagged f43`, and prints its URL.

import { startFakeKoji } from './index.ts';

const hub = await startFakeKoji();
hub.addTag('f43-base');
hub.addTag('f43', { parents: ['f43-base'] });
hub.addBuild('bash-5.3-1.fc43', {
  epoch: 1,
  rpms: [{ arch: 'src' }, { arch: 'x86_64', sigkeys: ['ABCDEF12'] }, { name: 'bash-doc', arch: 'noarch' }],
});
hub.addBuild('zlib & <co>-1.3-2.fc43', { extra: { source: { original_url: 'git+https://src.example/zlib' } } });
hub.tagBuild('f43-base', 'bash-5.3-1.fc43');
hub.tagBuild('f43', 'zlib & <co>-1.3-2.fc43');
hub.addBuild('nano-8-1.fc43');
hub.tagBuild('f43-base', 'nano-8-1.fc43');
hub.blockPackage('f43', 'nano');
hub.addModule('f43', 'nodejs:24-lts:20260101000000:abc');
const task = hub.addTask();
hub.addTask({ method: 'buildArch', parent: task, request: ['foo.src.rpm', 12, 'x86_64', true, { repo_id: 3 }] });
console.log(JSON.stringify({ url: hub.url, task }));
