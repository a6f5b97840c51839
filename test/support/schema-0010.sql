-- Rows of every kind, as version 0.1.0 stores them in the schema of migration 0010.

insert into target_dir (name, known_at, missing_since) values
  ('default', '2026-11-22 10:00:00Z', null), ('gone', '2026-11-01 10:00:00Z', '2026-11-01 10:10:00Z');

insert into worker (id, host, boot_id, pid, pools, concurrency) values
  ('00000000-0000-4000-8000-000000000001', 'host', 'boot', 4711, '{default,big}', 2);

-- 1 WAIT, 2 and 3 GENERATING (3 reuses 2), 4 DONE, 5 DONE by reuse of 4, 6 FAILED, 7 REMOVED, 8 being removed.
insert into compose (
  owner, idempotency_key, state, state_reason, failure, attempt, losses, worker_id, seq, source, source_key, seconds_to_live,
  arches, flags, results, sigkeys, multilib_arches, multilib_methods, lookaside_repos, compose_type, label, target_dir,
  parent_pungi_compose_ids, respin_of, pungi_compose_id, pungi_config_dump, engine_name, submitted_at, started_at, done_at,
  removed_at, expires_at, removed_by, cancel_requested_at, cancel_requested_by, cancel_reason, reuses, removing_at, digest,
  removal_reason, links_due
) values
  ('anonymous', 'key', 'WAIT', 'Waits for a worker', null, 1, 1, null, 3,
   '{"type": "REPO", "repo": "/srv/repo", "packages": ["glibc"], "revisions": null}', '/srv/repo', 3600,
   '{x86_64}', '{NO_DEPS}', '{REPOSITORY}', '{"",abcd}', '{x86_64}', '{DEVEL}', '{http://example.test/lookaside}', 'TEST', null,
   'default', '{}', null, null, null, 'dnf', '2026-11-22 10:00:00.123Z', '2026-11-22 10:01:00Z', null, null,
   '2026-11-22 11:00:00Z', null, null, null, null, null, null, 'waiting', null, false),
  ('o''brien', null, 'GENERATING', 'Compose is being generated', null, 1, 0, '00000000-0000-4000-8000-000000000001', 3,
   '{"type": "TAG", "tag": "f43", "kojiEvent": 1234, "packages": [], "builds": [], "scratchBuildTasks": [], "modularTags": [], "moduleDefaults": null}',
   'f43', 86400, '{x86_64,aarch64}', '{}', '{REPOSITORY,ISO}', '{}', '{}', '{}', '{}', 'NIGHTLY', null, 'default',
   '{parent-1}', null, 'odcs-2-1-20261122.n.0', null, 'pungi', '2026-11-22 10:00:00Z', '2026-11-22 10:02:00Z', null, null,
   '2026-11-23 10:00:00Z', null, '2026-11-22 10:03:00Z', 'boss', 'a reason', null, null, 'shared', null, false),
  ('anonymous', null, 'GENERATING', 'Shares the result of compose 2', null, 0, 0, null, 2,
   '{"type": "TAG", "tag": "f43", "kojiEvent": 1234, "packages": [], "builds": [], "scratchBuildTasks": [], "modularTags": [], "moduleDefaults": null}',
   'f43', 86400, '{x86_64,aarch64}', '{}', '{REPOSITORY}', '{}', '{}', '{}', '{}', 'NIGHTLY', null, 'default', '{}', null, null,
   null, null, '2026-11-22 10:00:00Z', '2026-11-22 10:02:30Z', null, null, '2026-11-23 10:00:00Z', null, null, null, null, 2,
   null, 'shared', null, false),
  ('anonymous', null, 'DONE', 'Compose is generated successfully', null, 2, 1, null, 6,
   '{"type": "REPO", "repo": "/srv/repo", "packages": ["bash"], "revisions": ["1700000000"]}', '/srv/repo', 3600, '{x86_64}', '{}',
   '{REPOSITORY}', '{}', '{}', '{}', '{}', 'PRODUCTION', 'RC-1.0', 'default', '{}', null, 'odcs-4-1-20261122.0', '{"a": 1}',
   'dnf', '2026-11-22 10:00:00Z', '2026-11-22 10:02:00Z', '2026-11-22 10:04:00Z', null, '2026-11-22 11:04:00Z', null, null,
   null, null, null, null, 'done', null, true),
  ('another', null, 'DONE', 'Compose shares the result of compose 4', null, 0, 0, null, 3,
   '{"type": "REPO", "repo": "/srv/repo", "packages": ["bash"], "revisions": ["1700000000"]}', '/srv/repo', 3600, '{x86_64}', '{}',
   '{REPOSITORY}', '{}', '{}', '{}', '{}', 'PRODUCTION', 'RC-1.0', 'default', '{}', null, null, null, null,
   '2026-11-22 10:05:00Z', '2026-11-22 10:05:01Z', '2026-11-22 10:05:02Z', null, '2026-11-22 11:05:00Z', null, null, null, null, 4,
   null, 'done', null, false),
  ('anonymous', null, 'FAILED', 'The engine failed', '{"code": "ENGINE_FAILED", "message": "The engine failed", "retryable": false, "details": "line"}',
   1, 0, null, 3, '{"type": "REPO", "repo": "/srv/other", "packages": [], "revisions": null}', '/srv/other', 3600, '{x86_64}', '{}',
   '{REPOSITORY}', '{}', '{}', '{}', '{}', 'TEST', null, 'default', '{}', null, null, null, 'dnf', '2026-11-22 10:00:00Z',
   '2026-11-22 10:02:00Z', '2026-11-22 10:03:00Z', null, '2026-11-22 11:03:00Z', null, null, null, null, null, null, null, null,
   false),
  ('anonymous', null, 'REMOVED', 'Removed by boss', null, 1, 0, null, 4,
   '{"type": "BUILD", "builds": ["bash-5-1.fc43"], "kojiEvent": null}', 'bash-5-1.fc43', 3600, '{x86_64}', '{}', '{REPOSITORY}', '{}',
   '{}', '{}', '{}', 'TEST', null, 'gone', '{}', 'odcs-3-1-20261121.t.0', null, null, 'dnf', '2026-11-21 10:00:00Z',
   '2026-11-21 10:02:00Z', '2026-11-21 10:03:00Z', '2026-11-22 09:00:00Z', '2026-11-22 08:00:00Z', 'boss', null, null, null, null,
   '2026-11-22 08:59:00Z', null, 'no longer needed', false),
  ('anonymous', null, 'DONE', 'Compose is generated successfully', null, 1, 0, null, 3,
   '{"type": "REPO", "repo": "/srv/repo", "packages": [], "revisions": null}', '/srv/repo', 3600, '{x86_64}', '{}', '{REPOSITORY}',
   '{}', '{}', '{}', '{}', 'TEST', null, 'default', '{}', null, null, null, 'dnf', '2026-11-22 09:00:00Z', '2026-11-22 09:02:00Z',
   '2026-11-22 09:03:00Z', null, '2026-11-22 10:03:00Z', 'system', null, null, null, null, '2026-11-22 10:03:01Z', null, null, false);

-- One event a compose is enough: its snapshot has the instants as strings.
insert into compose_event (compose_id, seq, kind, at, from_state, to_state, by, reason, snapshot)
select id, 1, 'STATE_CHANGED', submitted_at, null, 'WAIT', owner, null, jsonb_build_object(
  'state', 'WAIT', 'stateReason', 'Waits for a worker', 'failure', null, 'attempt', 0, 'startedAt', null, 'doneAt', null,
  'removedAt', null, 'expiresAt', to_char(expires_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'removedBy', null,
  'cancelRequestedAt', null, 'reuses', null)
from compose order by id;

insert into compose_progress values (2, 1, 42.5, 'GATHER', 'a message', '2026-11-22 10:02:30Z');
insert into compose_package values
  (4, 'Temporary/x86_64/os/Packages/b/bash-5-1.fc43.x86_64.rpm', 'bash-0:5-1.fc43.x86_64', 'bash', 'x86_64',
   'bash-0:5-1.fc43.src', 'abcd', 5000000000, 'x86_64', 'binary');
insert into idempotency values ('anonymous', 'createCompose', 'key', 'digest', 1);
insert into pin values (4, 'a reason', 'boss', null, '2026-11-22 10:04:30Z'), (4, 'until', 'boss', '2026-12-22Z', '2026-11-22 10:04:30Z');
insert into koji_event values ('koji', 'f43', true, 1234);
insert into process_group values (2, 1, 4712, '123456', 'boot', 'host');
insert into queue_owner (owner, virtual_time, lane) values ('anonymous', 3, 'prepare');
insert into queue_lane values ('prepare', 2);
