-- The queue as the service sees it: fairness and positions are read from here, never from the job library's own tables.
-- The queue fills it for the composes that wait when it starts: pools are configuration, which a migration cannot see.

create table queue_entry (
  compose_id bigint primary key references compose,
  lane text not null,
  pool text not null,
  rank integer not null,
  send integer not null
);
