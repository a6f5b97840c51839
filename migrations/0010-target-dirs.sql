-- When a target directory was last configured somewhere: what lies in one that nobody knows any more has nobody to
-- remove it.

create table target_dir (
  name text primary key,
  known_at timestamptz(3) not null default clock_timestamp(),
  missing_since timestamptz(3)
);
insert into target_dir (name) select distinct target_dir from compose;
