-- Pungi and dnf take times of their own: how long a compose took is told by the engine that made it.

drop index compose_alike;
drop index compose_alike_of_source;
-- Which engine made the latest of them, where nobody knows yet which will make the next.
create index compose_alike on compose (compose_likeness(source, arches), done_at)
  where done_at is not null and failure is null and attempt > 0 and reuses is null and engine_name is not null;
create index compose_alike_of_engine on compose (compose_likeness(source, arches), engine_name, done_at)
  where done_at is not null and failure is null and attempt > 0 and reuses is null;
create index compose_alike_of_source on compose (compose_likeness(source, arches), hashtextextended(source_key, 0), engine_name, done_at)
  where done_at is not null and failure is null and attempt > 0 and reuses is null;
