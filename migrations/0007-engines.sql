-- Pungi and dnf differ in speed, so times are compared for one engine.

drop index compose_alike;
drop index compose_alike_of_source;
-- Finds the engine of the latest similar compose, for a compose that has none yet.
create index compose_alike on compose (compose_likeness(source, arches), done_at)
  where done_at is not null and failure is null and attempt > 0 and reuses is null and engine_name is not null;
create index compose_alike_of_engine on compose (compose_likeness(source, arches), engine_name, done_at)
  where done_at is not null and failure is null and attempt > 0 and reuses is null;
create index compose_alike_of_source on compose (compose_likeness(source, arches), hashtextextended(source_key, 0), engine_name, done_at)
  where done_at is not null and failure is null and attempt > 0 and reuses is null;
