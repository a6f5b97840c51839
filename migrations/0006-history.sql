-- How long similar composes took.

-- The type of the source, the arches, and the number of requested names in powers of two. No names mean everything.
create function compose_likeness(source jsonb, arches text[]) returns text language sql immutable parallel safe as $$
  select (source ->> 'type') || ' ' || array_to_string(arches, ',') || ' ' || floor(log(2, 1
    + coalesce(jsonb_array_length(nullif(source -> 'packages', 'null')), 0)
    + coalesce(jsonb_array_length(nullif(source -> 'builds', 'null')), 0)
    + coalesce(jsonb_array_length(nullif(source -> 'modules', 'null')), 0)))::text
$$;

create index compose_alike on compose (compose_likeness(source, arches), done_at)
  where done_at is not null and failure is null and attempt > 0 and reuses is null;
create index compose_alike_of_source on compose (compose_likeness(source, arches), hashtextextended(source_key, 0), done_at)
  where done_at is not null and failure is null and attempt > 0 and reuses is null;
