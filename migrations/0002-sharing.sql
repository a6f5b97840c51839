-- Composes with equal resolved inputs have the same digest and share one result. At most one of them generates it.

alter table compose add column digest text;

-- Preparing a compose is a lane of its own, and each lane has fair shares.
delete from queue_owner;
delete from queue_lane;
alter table queue_owner add column lane text not null, drop constraint queue_owner_pkey, add primary key (lane, owner);

-- Finds the compose to reuse, DONE or GENERATING, and prevents two composes of a digest from being generated at once.
create unique index compose_root on compose (digest)
  where reuses is null and state in ('GENERATING', 'DONE') and cancel_requested_at is null and removing_at is null;
-- Composes that can reuse the first of them that begins.
create index compose_waiting on compose (digest) where state = 'WAIT' and digest is not null;
-- Reusers that depend on a compose.
create index compose_sharing on compose (reuses) where state = 'GENERATING' and reuses is not null;
