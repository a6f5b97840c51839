-- Named reasons to keep a compose past its expiry.

create table pin (
  compose_id bigint not null references compose,
  name text not null,
  owner text not null,
  expires_at timestamptz(3),
  created_at timestamptz(3) not null,
  primary key (compose_id, name)
);
-- For the chore that deletes expired pins.
create index pin_expires_at on pin (expires_at, compose_id) where expires_at is not null;
