-- The canonical event of a Koji tag. Composes of the tag use it until the tag changes, so that they have the same digest.

create table koji_event (
  profile text not null,
  tag text not null,
  inheritance boolean not null,
  event bigint not null check (event > 0),
  primary key (profile, tag, inheritance)
);
