-- Composes with equal resolved input share one result. At most one of them generates it or has it: the root.

alter table compose add column digest text;

-- Looking for a result to share is work of a lane of its own, and owners take turns in each lane.
delete from queue_owner;
delete from queue_lane;
alter table queue_owner add column lane text not null, drop constraint queue_owner_pkey, add primary key (lane, owner);

-- "Is there one, or one under way?" is one look-up here, and two that begin at once cannot both be the root.
create unique index compose_root on compose (digest)
  where reuses is null and state in ('GENERATING', 'DONE') and cancel_requested_at is null and removing_at is null;
-- Those that can share as soon as one of them has begun.
create index compose_waiting on compose (digest) where state = 'WAIT' and digest is not null;
-- Those whose fate hangs on a root.
create index compose_sharing on compose (reuses) where state = 'GENERATING' and reuses is not null;
