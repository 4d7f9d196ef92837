-- Replaces all segments below a bound by one that holds the jobs to keep. A sender waits for it at most the lock timeout
-- and a few milliseconds. Under the locks, tickets are looked for once more: a job may have been retried meanwhile.
create or replace function jobmachine._retire_segments(upper bigint, keep bigint[])
returns void
language plpgsql
as $$
declare
  v_schema constant text := (select n.nspname::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.oid = 'jobmachine.job'::regclass);
  v_keep bigint[];
  v_parent text;
  v_key text;
  v_segment text;
  v_old text;
begin
  perform set_config('lock_timeout', '50ms', true);
  lock table jobmachine.job, jobmachine.finished in access exclusive mode;
  select array_agg(distinct k.id) into v_keep
  from (
    select k.id from unnest(_retire_segments.keep) k (id)
    union all select s.job_id from jobmachine.scheduled s where s.job_id < _retire_segments.upper
    union all select p.job_id from jobmachine._pending_before(_retire_segments.upper) p (job_id)
    union all select r.job_id from jobmachine.running r where r.job_id < _retire_segments.upper
  ) k;
  foreach v_parent in array array['job', 'finished'] loop
    v_key := case v_parent when 'job' then 'id' else 'job_id' end;
    v_segment := format('%I.%I', v_schema, v_parent || '_to_' || _retire_segments.upper);
    if to_regclass(v_segment) is not null then -- the first segment is rebuilt
      v_segment := format('%I.%I', v_schema, v_parent || '_to_' || _retire_segments.upper || '_' || extract(epoch from clock_timestamp())::bigint);
    end if;
    execute format('create table %s (like jobmachine.%I including all)', v_segment, v_parent);
    execute format('insert into %s select * from jobmachine.%I where %I = any ($1)', v_segment, v_parent, v_key) using v_keep;
    for v_old in
      select c.relname::text from pg_inherits i join pg_class c on c.oid = i.inhrelid
      where i.inhparent = format('jobmachine.%I', v_parent)::regclass
        and substring(pg_get_expr(c.relpartbound, c.oid), 'TO [(]''([0-9]+)''[)]')::bigint <= _retire_segments.upper
    loop
      execute format('drop table %I.%I', v_schema, v_old);
    end loop;
    execute format('alter table jobmachine.%I attach partition %s for values from (minvalue) to (%s)', v_parent, v_segment, _retire_segments.upper);
  end loop;
end
$$;
revoke all on function jobmachine._retire_segments(bigint, bigint[]) from public;
comment on function jobmachine._retire_segments(bigint, bigint[]) is 'Drops segments below a bound, except for the jobs to keep.';
