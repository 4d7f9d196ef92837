-- One more segment of job and of finished. LIKE and ATTACH take only SHARE UPDATE EXCLUSIVE on the parent.
create or replace function jobmachine._add_segment(lower bigint, upper bigint)
returns void
language plpgsql
as $$
declare
  v_parent text;
  v_segment text;
begin
  foreach v_parent in array array['job', 'finished'] loop
    v_segment := format('%I.%I', (select n.nspname from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = 'jobmachine.job'::regclass),
      v_parent || '_' || _add_segment.lower);
    execute format('create table %s (like jobmachine.%I including all)', v_segment, v_parent);
    execute format('alter table jobmachine.%I attach partition %s for values from (%s) to (%s)', v_parent, v_segment, _add_segment.lower, _add_segment.upper);
  end loop;
end
$$;
revoke all on function jobmachine._add_segment(bigint, bigint) from public;
comment on function jobmachine._add_segment(bigint, bigint) is 'Adds a segment for ids from lower up to below upper.';
