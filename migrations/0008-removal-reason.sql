-- Why a compose is being removed. A process that finishes an interrupted removal needs it for the event.

alter table compose add column removal_reason text;
