-- When a process last had a target directory in its configuration. The composes in a directory that no process has are
-- unreachable.

create table target_dir (
  name text primary key,
  known_at timestamptz(3) not null default clock_timestamp(),
  missing_since timestamptz(3)
);
insert into target_dir (name) select distinct target_dir from compose;
