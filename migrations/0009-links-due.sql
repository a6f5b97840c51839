-- DONE composes with `latest-*` links that may not be up to date: links change after the commit, and a crash may come in
-- between.

alter table compose add column links_due boolean not null default false;
create index compose_links_due on compose (done_at, id) where links_due;
