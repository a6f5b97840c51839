-- Why a compose is being removed: whoever finishes a removal that was cut off tells it, too.

alter table compose add column removal_reason text;
