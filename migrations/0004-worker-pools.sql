-- The pools whose composes a worker takes, and how many it takes at a time; estimates of waiting times use both.

alter table worker add column pools text[] not null default '{default}', add column concurrency integer not null default 1, drop column pool;
