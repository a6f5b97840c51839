-- Which pools a worker takes composes of, and how many at a time: what a waiting compose can expect depends on it.

alter table worker add column pools text[] not null default '{default}', add column concurrency integer not null default 1, drop column pool;
