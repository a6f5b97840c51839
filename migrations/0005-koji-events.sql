-- The event at which composes of a Koji tag are taken for as long as nothing changes in it, so that they can be shared.

create table koji_event (
  profile text not null,
  tag text not null,
  inheritance boolean not null,
  event bigint not null check (event > 0),
  primary key (profile, tag, inheritance)
);
