-- Composes, their events in the order of commits, progress, packages, idempotency keys, workers, and fair shares of the queue.

-- The id of the database, which cursors and target directories carry.
create table instance (
  id uuid primary key default gen_random_uuid(),
  created_at timestamptz(3) not null default now()
);
insert into instance default values;

create table compose (
  id bigint generated always as identity primary key,
  owner text not null,
  idempotency_key text,
  state text not null check (state in ('WAIT', 'GENERATING', 'DONE', 'FAILED', 'REMOVED')),
  state_reason text not null,
  failure jsonb,
  attempt integer not null default 0,
  losses integer not null default 0,
  worker_id uuid,
  seq integer not null default 1,
  source jsonb not null,
  source_type text not null generated always as (source ->> 'type') stored,
  source_key text not null,
  seconds_to_live integer not null,
  arches text[] not null,
  flags text[] not null,
  results text[] not null,
  sigkeys text[] not null,
  multilib_arches text[] not null,
  multilib_methods text[] not null,
  lookaside_repos text[] not null,
  compose_type text not null,
  label text,
  target_dir text not null,
  parent_pungi_compose_ids text[] not null,
  respin_of text,
  pungi_compose_id text,
  pungi_config_dump text,
  engine_name text,
  submitted_at timestamptz(3) not null,
  started_at timestamptz(3),
  done_at timestamptz(3),
  removed_at timestamptz(3),
  expires_at timestamptz(3) not null,
  removed_by text,
  cancel_requested_at timestamptz(3),
  cancel_requested_by text,
  cancel_reason text,
  reuses bigint references compose,
  removing_at timestamptz(3)
);

-- One for each order of lists, so that every page in every order costs the same.
create index compose_submitted_at on compose (submitted_at, id);
create index compose_done_at on compose (done_at, id);
create index compose_removed_at on compose (removed_at, id);
create index compose_expires_at on compose (expires_at, id);
-- One for each common filter, in the default order of lists.
create index compose_owner on compose (owner, id);
create index compose_owner_state on compose (owner, state, id);
create index compose_state on compose (state, id);
-- By hash, because a source may be longer than an index entry.
create index compose_source on compose (hashtextextended(source_key, 0), id);
create index compose_source_type on compose (source_type, id);
create index compose_compose_type on compose (compose_type, id);
create index compose_label on compose (label, id) where label is not null;
create unique index compose_pungi_compose_id on compose (pungi_compose_id) where pungi_compose_id is not null;
create index compose_worker on compose (worker_id) where worker_id is not null;
create index compose_reuses on compose (reuses) where reuses is not null;
-- For chores.
create index compose_expiring on compose (expires_at, id) where state in ('DONE', 'FAILED') and removing_at is null;
create index compose_removing on compose (id) where removing_at is not null and state <> 'REMOVED';

-- `seq` counts the events of a compose without gaps, under the lock of its row. `position` is the place among all events.
create table compose_event (
  compose_id bigint not null references compose,
  seq integer not null,
  position bigint,
  kind text not null,
  at timestamptz(3) not null,
  from_state text,
  to_state text,
  by text not null,
  reason text,
  snapshot jsonb not null,
  primary key (compose_id, seq)
);
create unique index compose_event_position on compose_event (position);

create sequence compose_event_position_seq;

-- Runs at commit, in one transaction at a time until its commit is done. So positions rise in the order in which
-- transactions become visible, and after reading up to a position, no smaller one appears. No client can hold the lock,
-- because none is asked for anything in between.
create function assign_event_position() returns trigger language plpgsql as $$
declare
  assigned bigint;
begin
  perform pg_advisory_xact_lock(7236840281);
  assigned := nextval('compose_event_position_seq');
  update compose_event set position = assigned where compose_id = new.compose_id and seq = new.seq;
  perform pg_notify('compose_event', assigned::text);
  return null;
end
$$;

create constraint trigger compose_event_position
  after insert on compose_event
  deferrable initially deferred
  for each row execute function assign_event_position();

-- Overwritten in place several times a second, so it has a table of its own.
create table compose_progress (
  compose_id bigint primary key references compose,
  attempt integer not null,
  percent real not null,
  phase text not null,
  message text,
  updated_at timestamptz(3) not null
) with (fillfactor = 50);

create table compose_package (
  compose_id bigint not null references compose,
  path text collate "C" not null,
  nevra text not null,
  name text not null,
  arch text not null,
  source_nevra text,
  sigkey text,
  size_bytes bigint,
  tree_arch text not null,
  category text not null,
  primary key (compose_id, path)
);

create table idempotency (
  owner text not null,
  mutation text not null,
  key text not null,
  digest text not null,
  compose_id bigint not null references compose,
  primary key (owner, mutation, key)
);
create index idempotency_compose on idempotency (compose_id);

-- A row is the lease of a worker process, which refreshes it.
create table worker (
  id uuid primary key,
  host text not null,
  boot_id text not null,
  pid integer not null,
  pool text not null,
  started_at timestamptz(3) not null default now(),
  refreshed_at timestamptz(3) not null default clock_timestamp()
) with (fillfactor = 50);

-- The process groups of engines, so that another process of the same host can kill orphans.
create table process_group (
  compose_id bigint not null references compose,
  attempt integer not null,
  pgid integer not null,
  start_time text not null,
  boot_id text not null,
  host text not null,
  primary key (compose_id, attempt, pgid, start_time)
);
create index process_group_host on process_group (host);

-- Fair shares by virtual time: each job advances the virtual time of its owner by one.
create table queue_owner (
  owner text primary key,
  virtual_time integer not null
) with (fillfactor = 70);
-- The virtual time of the job that was handed out last. An owner who was idle resumes there.
create table queue_lane (
  name text primary key,
  virtual_time integer not null
) with (fillfactor = 50);
